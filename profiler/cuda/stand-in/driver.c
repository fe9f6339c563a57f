// A CUDA that has no GPU: the driver, cuBLAS, cuRAND and cuDNN in one shared library, whose device memory is the host's and
// whose kernels and matrix products do nothing. With it the whole CUDA path runs where there is none, but for the numbers:
// whatever a kernel or a product should have computed keeps what the memory held.
//
//     gcc -shared -fPIC -O1 -o libcuda.so.1 driver.c      (-DOLD_NAMES: what CUDA 13 renamed has its old name alone)
//     for name in libcublas.so.13 libcurand.so.10 libcudnn.so.9; do ln -s libcuda.so.1 $name; done
//     SPACELINT_CUDA_LIBS=$PWD spacelint-profile …
//
// What it is told by the environment:
//     STAND_IN_DRIVER=11040     the driver is for CUDA 11.4
//     STAND_IN_DEVICES=0        there are so many devices, 1 without it
//     STAND_IN_MEMORY=1048576   the device has so many bytes, 8 GiB without it
//     STAND_IN_LAUNCH=719       each start of a kernel fails with this error
//     STAND_IN_LOG=1            at the end it says on standard error what it was asked to do

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int Result;
typedef unsigned long long Address;
typedef unsigned int Count;

enum {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_PTX = 218,
};

static long launches, products, convolutions, allocations, copies, waits, modules;
static size_t used;

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static size_t memory(void) { return (size_t)setting("STAND_IN_MEMORY", 8L << 30); }

static void say(void) {
  fprintf(stderr,
          "stand-in: %ld kernels, %ld products, %ld convolutions, %ld allocations, %ld copies, %ld waits, %ld modules, %zu bytes left\n",
          launches, products, convolutions, allocations, copies, waits, modules, used);
}

// ---- the driver: device and context

Result cuDriverGetVersion(int *version) {
  *version = (int)setting("STAND_IN_DRIVER", 13000);
  return SUCCESS;
}

Result cuInit(Count flags) {
  static int begun;
  if (!begun && getenv("STAND_IN_LOG")) atexit(say);
  begun = 1;
  return setting("STAND_IN_DEVICES", 1) ? SUCCESS : NO_DEVICE;
}

Result cuDeviceGetCount(int *count) {
  *count = (int)setting("STAND_IN_DEVICES", 1);
  return SUCCESS;
}

Result cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < setting("STAND_IN_DEVICES", 1) ? SUCCESS : INVALID_DEVICE;
}

Result cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, length, "Stand-in GPU");
  return SUCCESS;
}

Result cuDeviceTotalMem_v2(size_t *bytes, int device) {
  *bytes = memory();
  return SUCCESS;
}

Result cuDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case 16: *value = 132; break;  // multiprocessors
    case 75: *value = 9; break;    // compute capability 9.0
    case 76: *value = 0; break;
    default: *value = 1;           // memory pools (115) among them
  }
  return SUCCESS;
}

Result cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = (void *)1;
  return SUCCESS;
}
Result cuDevicePrimaryCtxRelease_v2(int device) { return SUCCESS; }
Result cuCtxSetCurrent(void *context) { return SUCCESS; }
Result cuCtxGetCurrent(void **context) {
  *context = (void *)1;
  return SUCCESS;
}
Result cuCtxDestroy_v2(void *context) { return SUCCESS; }
Result cuCtxSynchronize(void) { return ++waits, SUCCESS; }

Result cuGetErrorString(Result error, const char **text) {
  switch (error) {
    case SUCCESS: *text = "no error"; break;
    case INVALID_VALUE: *text = "invalid argument"; break;
    case OUT_OF_MEMORY: *text = "out of memory"; break;
    case NOT_INITIALIZED: *text = "initialization error"; break;
    case NO_DEVICE: *text = "no CUDA-capable device is detected"; break;
    case INVALID_DEVICE: *text = "invalid device ordinal"; break;
    case INVALID_PTX: *text = "a PTX JIT compilation failed"; break;
    case 700: *text = "an illegal memory access was encountered"; break;
    case 719: *text = "unspecified launch failure"; break;
    default: *text = "an error of the stand-in"; break;
  }
  return SUCCESS;
}

// ---- the driver: memory. Each block has its size before it, and 64 bytes' alignment.

static Result reserve(size_t bytes, Address *address) {
  if (bytes > memory() - used) return OUT_OF_MEMORY;
  char *block = aligned_alloc(64, (bytes + 64 + 63) / 64 * 64);
  if (!block) return OUT_OF_MEMORY;
  *(size_t *)block = bytes;
  memset(block + 64, 0, bytes);
  used += bytes;
  allocations++;
  *address = (Address)(block + 64);
  return SUCCESS;
}

static Result release(Address address) {
  if (!address) return SUCCESS;
  char *block = (char *)address - 64;
  used -= *(size_t *)block;
  free(block);
  return SUCCESS;
}

Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  *total = memory();
  *free = *total - used;
  return SUCCESS;
}
Result cuMemAlloc_v2(Address *address, size_t bytes) { return reserve(bytes, address); }
Result cuMemAllocAsync(Address *address, size_t bytes, void *stream) { return reserve(bytes, address); }
Result cuMemFree_v2(Address address) { return release(address); }
Result cuMemFreeAsync(Address address, void *stream) { return release(address); }
Result cuMemHostAlloc(void **address, size_t bytes, Count flags) {
  *address = bytes ? malloc(bytes) : NULL;
  return *address ? SUCCESS : bytes ? OUT_OF_MEMORY : INVALID_VALUE;
}
Result cuMemFreeHost(void *address) {
  free(address);
  return SUCCESS;
}
Result cuDeviceGetDefaultMemPool(void **pool, int device) {
  *pool = (void *)5;
  return SUCCESS;
}
Result cuMemPoolSetAttribute(void *pool, int attribute, void *value) {
  // The release threshold alone, which must be all that there is.
  return pool == (void *)5 && attribute == 4 && *(Address *)value == ~0ull ? SUCCESS : INVALID_VALUE;
}

Result cuMemPoolGetAttribute(void *pool, int attribute, void *value) {
  // Nothing is kept: what is reserved (5) is what is used (7).
  *(Address *)value = used;
  return pool == (void *)5 && (attribute == 5 || attribute == 7) ? SUCCESS : INVALID_VALUE;
}

static Result copy(void *to, const void *from, size_t bytes) {
  copies++;
  memcpy(to, from, bytes);
  return SUCCESS;
}
Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void *stream) { return copy((void *)to, (void *)from, bytes); }
Result cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, void *stream) { return copy((void *)to, from, bytes); }
Result cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, void *stream) { return copy(to, (void *)from, bytes); }
Result cuMemcpyPeerAsync(Address to, void *there, Address from, void *here, size_t bytes, void *stream) {
  return copy((void *)to, (void *)from, bytes);
}
Result cuMemsetD8Async(Address to, unsigned char byte, size_t bytes, void *stream) {
  memset((void *)to, byte, bytes);
  return SUCCESS;
}

// ---- the driver: streams and events, which are times of the host

typedef struct {
  int timed;
  struct timespec at;
} Event;

Result cuEventCreate(Event **event, Count flags) {
  *event = calloc(1, sizeof(Event));
  (*event)->timed = !(flags & 2);  // 2: without timing
  return SUCCESS;
}
Result cuEventDestroy_v2(Event *event) {
  free(event);
  return SUCCESS;
}
Result cuEventRecord(Event *event, void *stream) {
  clock_gettime(CLOCK_MONOTONIC, &event->at);
  return SUCCESS;
}
Result cuEventQuery(Event *event) { return SUCCESS; }
Result cuEventSynchronize(Event *event) { return SUCCESS; }
static Result elapsed(float *ms, Event *start, Event *end) {
  if (!start->timed || !end->timed) return 400;  // an invalid handle
  *ms = (float)((end->at.tv_sec - start->at.tv_sec) * 1e3 + (end->at.tv_nsec - start->at.tv_nsec) / 1e6);
  return SUCCESS;
}
Result cuEventElapsedTime(float *ms, Event *start, Event *end) { return elapsed(ms, start, end); }
#ifndef OLD_NAMES
Result cuEventElapsedTime_v2(float *ms, Event *start, Event *end) { return elapsed(ms, start, end); }
#endif

Result cuStreamCreate(void **stream, Count flags) {
  *stream = (void *)6;
  return SUCCESS;
}
Result cuStreamDestroy_v2(void *stream) { return SUCCESS; }
Result cuStreamIsCapturing(void *stream, int *status) {
  *status = 0;
  return SUCCESS;
}
Result cuStreamSynchronize(void *stream) { return ++waits, SUCCESS; }
Result cuStreamWaitEvent(void *stream, Event *event, Count flags) { return SUCCESS; }

// ---- the driver: kernels

Result cuModuleLoadData(void **module, const void *image) {
  modules++;
  *module = (void *)2;
  return strstr(image, ".version") ? SUCCESS : INVALID_PTX;
}
Result cuModuleLoad(void **module, const char *file) {
  *module = (void *)2;
  return SUCCESS;
}
Result cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = (void *)7;
  return SUCCESS;
}
Result cuModuleUnload(void *module) { return SUCCESS; }
Result cuLaunchKernel(void *function, Count gx, Count gy, Count gz, Count bx, Count by, Count bz, Count shared, void *stream,
                      void **arguments, void **extra) {
  launches++;
  if (!gx || !gy || !gz || !bx || !by || !bz || bx * by * bz > 1024) return INVALID_VALUE;
  return (Result)setting("STAND_IN_LAUNCH", SUCCESS);
}

// ---- cuBLAS

Result cublasCreate_v2(void **handle) {
  *handle = (void *)3;
  return SUCCESS;
}
Result cublasDestroy_v2(void *handle) { return SUCCESS; }
Result cublasSetStream_v2(void *handle, void *stream) { return SUCCESS; }
Result cublasGemmStridedBatchedEx(void *handle, int ta, int tb, int m, int n, int k, const void *alpha, const void *a, int a_type,
                                  int lda, long long a_stride, const void *b, int b_type, int ldb, long long b_stride,
                                  const void *beta, void *c, int c_type, int ldc, long long c_stride, int batch, int compute,
                                  int algorithm) {
  products++;
  // 7: CUBLAS_STATUS_INVALID_VALUE. Ten of these arguments are on the stack: a call that lost them would show here.
  return handle == (void *)3 && m > 0 && n > 0 && k > 0 && batch > 0 && lda > 0 && ldb > 0 && ldc >= m && alpha && beta && a && b && c
             ? SUCCESS
             : 7;
}
Result cublasDgemmStridedBatched(void *handle) { return ++products, SUCCESS; }

// ---- cuRAND: numbers of the right spread

Result curandCreateGenerator(void **generator, int type) {
  *generator = (void *)4;
  return SUCCESS;
}
Result curandDestroyGenerator(void *generator) { return SUCCESS; }
Result curandSetPseudoRandomGeneratorSeed(void *generator, unsigned long long seed) { return SUCCESS; }
Result curandSetStream(void *generator, void *stream) { return SUCCESS; }
static double draw(size_t i) { return (double)(i * 2654435761u % 2048) / 1024 - 1; }
Result curandGenerateNormal(void *generator, float *to, size_t count, float mean, float deviation) {
  if (count % 2) return 105;  // CURAND_STATUS_LENGTH_NOT_MULTIPLE, as the real one has it
  for (size_t i = 0; i < count; i++) to[i] = mean + deviation * (float)draw(i);
  return SUCCESS;
}
Result curandGenerateUniform(void *generator, float *to, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = (float)(draw(i) / 2 + 0.5);
  return SUCCESS;
}
Result curandGenerateNormalDouble(void *generator, double *to, size_t count, double mean, double deviation) {
  if (count % 2) return 105;
  for (size_t i = 0; i < count; i++) to[i] = mean + deviation * draw(i);
  return SUCCESS;
}
Result curandGenerateUniformDouble(void *generator, double *to, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = draw(i) / 2 + 0.5;
  return SUCCESS;
}

// ---- cuDNN

Result cudnnCreate(void **handle) {
  *handle = (void *)8;
  return SUCCESS;
}
Result cudnnDestroy(void *handle) { return SUCCESS; }
Result cudnnSetStream(void *handle, void *stream) { return SUCCESS; }
static Result describe(void **descriptor) {
  *descriptor = (void *)9;
  return SUCCESS;
}
Result cudnnCreateTensorDescriptor(void **descriptor) { return describe(descriptor); }
Result cudnnCreateFilterDescriptor(void **descriptor) { return describe(descriptor); }
Result cudnnCreateConvolutionDescriptor(void **descriptor) { return describe(descriptor); }
Result cudnnDestroyTensorDescriptor(void *descriptor) { return SUCCESS; }
Result cudnnDestroyFilterDescriptor(void *descriptor) { return SUCCESS; }
Result cudnnDestroyConvolutionDescriptor(void *descriptor) { return SUCCESS; }
Result cudnnSetTensor4dDescriptor(void *descriptor, int format, int type, int n, int c, int h, int w) { return SUCCESS; }
Result cudnnSetTensor4dDescriptorEx(void *descriptor, int type, int n, int c, int h, int w, int ns, int cs, int hs, int ws) { return SUCCESS; }
Result cudnnSetFilter4dDescriptor(void *descriptor, int type, int format, int k, int c, int h, int w) { return SUCCESS; }
Result cudnnSetConvolution2dDescriptor(void *descriptor, int pad_h, int pad_w, int u, int v, int dilation_h, int dilation_w, int mode,
                                       int type) {
  return SUCCESS;
}
Result cudnnGetConvolutionForwardAlgorithm_v7(void *handle, void *x, void *w, void *convolution, void *y, int asked, int *found,
                                              void *best) {
  // cudnnConvolutionFwdAlgoPerf_t: the first algorithm, which succeeds.
  struct {
    int algorithm, status;
    float time;
    size_t memory;
    int rest[5];
  } first = {0};
  *found = 1;
  memcpy(best, &first, sizeof first);
  return SUCCESS;
}
Result cudnnGetConvolutionForwardWorkspaceSize(void *handle, void *x, void *w, void *convolution, void *y, int algorithm, size_t *bytes) {
  *bytes = 4096;
  return SUCCESS;
}
Result cudnnConvolutionForward(void *handle, const void *alpha, void *xd, const void *x, void *wd, const void *w, void *convolution,
                               int algorithm, void *workspace, size_t bytes, const void *beta, void *yd, void *y) {
  convolutions++;
  // 2000: CUDNN_STATUS_BAD_PARAM
  return handle == (void *)8 && alpha && x && w && beta && y && workspace && bytes == 4096 ? SUCCESS : 2000;
}
