//! What is measured: the shapes that models have, as large as there is time for.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use candle_core::{D, DType, Device, Result, Tensor};

use super::bench::{Bench, Case, Work};
use super::check::{self, Check};
use super::memory::Rows;
use super::{disk, memory};
use crate::device::{Kind, Machine};
use crate::parts::{Part, float};

/// How many of the cases below take a time of their own.
const CASES_OF_CPU: u32 = 14;
const CASES_OF_CUDA: u32 = 25;

/// Measures a device for `budget` in all. `folder` is where a file may be written for a moment.
pub(super) fn all<'a>(machine: &'a Machine, budget: Duration, folder: Option<&Path>) -> Bench<'a> {
    let is_cuda = machine.identity.kind == Kind::Cuda;
    let mut bench =
        Bench::new(machine, budget / if is_cuda { CASES_OF_CUDA } else { CASES_OF_CPU });
    if is_cuda {
        memory_of_device(&mut bench);
    } else {
        memory_of_host(&mut bench);
    }
    matmuls(&mut bench, DType::F32, Part::MatmulF32);
    if is_cuda {
        candle_core::cuda::set_gemm_reduced_precision_f32(true);
        matmuls(&mut bench, DType::F32, Part::MatmulTf32);
        candle_core::cuda::set_gemm_reduced_precision_f32(false);
    }
    matmuls(&mut bench, DType::F16, Part::MatmulF16);
    if is_cuda {
        matmuls(&mut bench, DType::BF16, Part::MatmulBf16);
    } else {
        let case = Case { part: Part::MatmulBf16, name: "square", counts: true };
        bench.leave_out(
            case,
            "candle widens it to f32; a processor that multiplies bf16 by itself is many times faster",
        );
    }
    attention(&mut bench);
    convolution(&mut bench);
    launches(&mut bench);
    if is_cuda {
        copies(&mut bench);
    }
    disk::measure(&mut bench, folder);
    bench
}

/// Random numbers on a device; never zeros, of which some devices multiply faster.
fn random(shape: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    Tensor::rand(-1f32, 1.0, shape, device)?.to_dtype(dtype)
}

/// Rows, inner and columns of a product.
type Shape = [usize; 3];

/// The products of a model that is so wide, with the rows of a prompt, and those of one token.
fn shapes(width: usize) -> [(&'static str, Shape); 4] {
    [
        ("square", [width, width, width]),
        ("projection", [width / 2, width, width]),
        ("feed-forward", [width / 2, width, 4 * width]),
        ("one row", [1, 2 * width, 8 * width]),
    ]
}

fn matmuls(bench: &mut Bench<'_>, dtype: DType, part: Part) {
    let is_cuda = bench.machine.identity.kind == Kind::Cuda;
    let device = &bench.machine.device;
    let unit = if part == Part::MatmulTf32 { check::TF32 } else { check::rounding(dtype) };
    for (index, (name, _)) in shapes(0).into_iter().enumerate() {
        // One row is a read of the whole matrix, which tells of the memory, not of products.
        let is_row = name == "one row";
        let widths: &[usize] = match (is_row, is_cuda) {
            (false, false) => &[128, 256, 512, 1024, 2048],
            (false, true) => &[256, 512, 1024, 2048, 4096, 8192],
            (true, false) => &[512, 1024],
            (true, true) => &[2048, 4096, 8192],
        };
        let elements =
            |[rows, inner, columns]: Shape| rows * inner + inner * columns + rows * columns;
        let size = dtype.size_in_bytes();
        // They are drawn as f32, and candle may widen them.
        let sizes = widths.iter().map(|width| {
            let bytes = elements(shapes(*width)[index].1) * (size + size_of::<f32>());
            (*width, bytes as u64)
        });
        let case = match (is_row, part) {
            (false, _) => Case { part, name, counts: true },
            (true, Part::MatmulF32) => {
                Case { part: Part::Memory, name: "one row f32", counts: false }
            }
            (true, Part::MatmulF16) => {
                Case { part: Part::Memory, name: "one row f16", counts: false }
            }
            (true, Part::MatmulBf16) => {
                Case { part: Part::Memory, name: "one row bf16", counts: false }
            }
            // It reads as many bytes as that in f32.
            (true, _) => continue,
        };
        bench.measure(case, sizes, |width| {
            let [rows, inner, columns] = shapes(width)[index].1;
            let left = random(&[rows, inner], dtype, device)?;
            let right = random(&[inner, columns], dtype, device)?;
            let operations = 2.0 * float(rows) * float(inner) * float(columns);
            let bytes = float(elements([rows, inner, columns]) * size);
            let (one, other) = (left.clone(), right.clone());
            Ok(Work {
                shape: format!("{rows} x {inner} x {columns}"),
                amount: if is_row { bytes } else { operations },
                operations,
                bytes,
                run: Box::new(move || one.matmul(&other).map(drop)),
                check: Box::new(move || check::product(&left, &right, &left.matmul(&right)?, unit)),
            })
        });
    }
}

/// Megabytes of the rows that are copied: from what no cache holds on.
fn row_sizes(is_cuda: bool) -> impl Iterator<Item = (usize, u64)> {
    let sizes: &[usize] = if is_cuda { &[64, 256, 1024] } else { &[32, 64, 128] };
    sizes.iter().map(|size| {
        let bytes = size << 20;
        (bytes, 3 * bytes as u64)
    })
}

const COPY: Case = Case { part: Part::Memory, name: "copy", counts: true };
const TRIAD: Case = Case { part: Part::Memory, name: "triad", counts: true };
const SUM: Case = Case { part: Part::Memory, name: "sum", counts: true };

fn memory_of_host(bench: &mut Bench<'_>) {
    let threads = bench.machine.identity.threads.unwrap_or(1);
    for (case, rows, is_triad) in [(COPY, 2.0, false), (TRIAD, 3.0, true)] {
        bench.measure(case, row_sizes(false), |bytes| {
            let shared = std::rc::Rc::new(std::cell::RefCell::new(Rows::new(bytes, threads)));
            let checked = std::rc::Rc::clone(&shared);
            let once = move |of: &mut Rows| if is_triad { of.triad() } else { of.copy() };
            let moved = rows * float(bytes);
            Ok(Work {
                shape: megabytes(bytes),
                amount: moved,
                operations: 0.0,
                bytes: moved,
                run: Box::new(move || {
                    once(&mut shared.borrow_mut());
                    Ok(())
                }),
                check: Box::new(move || {
                    let mut rows = checked.borrow_mut();
                    once(&mut rows);
                    Ok(Check::exact(if is_triad { rows.is_triad() } else { rows.is_copy() }))
                }),
            })
        });
    }
}

fn memory_of_device(bench: &mut Bench<'_>) {
    let device = &bench.machine.device;
    for (case, rows, is_sum) in [(COPY, 2.0, false), (SUM, 3.0, true)] {
        bench.measure(case, row_sizes(true), |bytes| {
            let length = bytes / size_of::<f32>();
            let one = random(&[length], DType::F32, device)?;
            let other = random(&[length], DType::F32, device)?;
            let moved = rows * float(bytes);
            let (left, right) = (one.clone(), other.clone());
            let run = move |one: &Tensor, other: &Tensor| {
                if is_sum { one + other } else { one.copy() }
            };
            Ok(Work {
                shape: megabytes(bytes),
                amount: moved,
                operations: 0.0,
                bytes: moved,
                run: Box::new(move || run(&left, &right).map(drop)),
                check: Box::new(move || {
                    let result = run(&one, &other)?;
                    let mut check = Check::new(check::rounding(DType::F32));
                    for at in check::sample(length) {
                        let at = |it: &Tensor| check::values(&it.narrow(0, at, 1)?);
                        let sum = at(&one)?[0] + if is_sum { at(&other)?[0] } else { 0.0 };
                        check.entry(at(&result)?[0], sum, sum.abs());
                    }
                    Ok(check)
                }),
            })
        });
    }
}

pub(super) fn megabytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

/// The type that models compute in on a device.
fn usual(kind: Kind) -> DType {
    match kind {
        Kind::Cpu => DType::F32,
        Kind::Cuda => DType::F16,
    }
}

/// Attention of every token to every other, as candle does it without a fused kernel: the table of scores goes through
/// the memory.
fn attended(query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor> {
    let width = float(query.dim(D::Minus1)?);
    let scores = query.matmul(&key.t()?)?.affine(1.0 / width.sqrt(), 0.0)?;
    let scores = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
    let shares = scores.broadcast_div(&scores.sum_keepdim(D::Minus1)?)?;
    shares.matmul(value)
}

fn attention(bench: &mut Bench<'_>) {
    let kind = bench.machine.identity.kind;
    let (heads, width, tokens): (_, _, &[usize]) = match kind {
        Kind::Cpu => (8, 64, &[64, 128, 256, 512, 1024]),
        Kind::Cuda => (32, 128, &[256, 512, 1024, 2048, 4096]),
    };
    let dtype = usual(kind);
    let (device, size) = (&bench.machine.device, dtype.size_in_bytes());
    // Four tables of scores, and what is drawn.
    let sizes = tokens.iter().map(|tokens| {
        let bytes = heads * tokens * (4 * tokens * size + 4 * width * (size + size_of::<f32>()));
        (*tokens, bytes as u64)
    });
    let case = Case { part: Part::Attention, name: "unfused", counts: true };
    bench.measure(case, sizes, |tokens| {
        let draw = || random(&[heads, tokens, width], dtype, device);
        let of = [draw()?, draw()?, draw()?];
        let [query, key, value] = of.clone();
        let all = float(heads * tokens);
        let operations = 4.0 * all * float(tokens) * float(width);
        Ok(Work {
            shape: format!("{heads} x {tokens} x {width}"),
            amount: operations,
            operations,
            // The table is written and read by the product, the scale, the maximum, the difference, the exponent, the
            // sum, the quotient and the second product.
            bytes: all * float(size) * (12.0 * float(tokens) + 4.0 * float(width)),
            run: Box::new(move || attended(&query, &key, &value).map(drop)),
            check: Box::new(move || {
                let [query, key, value] = &of;
                let result = attended(query, key, value)?;
                attention_check(query, key, value, &result)
            }),
        })
    });
}

fn attention_check(query: &Tensor, key: &Tensor, value: &Tensor, result: &Tensor) -> Result<Check> {
    let (heads, tokens, width) = query.dims3()?;
    let mut check = Check::new(64.0 * check::rounding(query.dtype()));
    let head = heads - 1;
    let keys = check::values(&key.get(head)?)?;
    let columns = check::values(&value.get(head)?.t()?)?;
    for token in check::sample(tokens) {
        let asked = check::values(&query.get(head)?.get(token)?)?;
        let scores = keys.chunks(width).map(|key| check::dot(&asked, key).0 / float(width).sqrt());
        let shares: Vec<f64> = scores.map(f64::exp).collect();
        let whole: f64 = shares.iter().sum();
        let shares: Vec<f64> = shares.iter().map(|share| share / whole).collect();
        let found = check::values(&result.get(head)?.get(token)?)?;
        for (found, column) in found.iter().zip(columns.chunks(tokens)) {
            let (sum, scale) = check::dot(&shares, column);
            check.entry(*found, sum, scale);
        }
    }
    Ok(check)
}

/// The width and height of what is convolved, and of the kernel.
const SIDE: usize = 64;
const KERNEL: usize = 3;

fn convolution(bench: &mut Bench<'_>) {
    let kind = bench.machine.identity.kind;
    let channels: &[usize] = match kind {
        Kind::Cpu => &[16, 32, 64, 128, 256],
        Kind::Cuda => &[64, 128, 320, 640, 1280],
    };
    let dtype = usual(kind);
    let (device, size) = (&bench.machine.device, dtype.size_in_bytes());
    let taps = KERNEL * KERNEL;
    let elements = |channels: usize| 2 * channels * SIDE * SIDE + channels * channels * taps;
    // Without cuDNN each pixel is laid out with its neighbours first.
    let sizes = channels.iter().map(|channels| {
        let bytes = (taps + 1) * elements(*channels) * (size + size_of::<f32>());
        (*channels, bytes as u64)
    });
    let case = Case { part: Part::Convolution, name: "3 x 3", counts: true };
    bench.measure(case, sizes, |channels| {
        let image = random(&[1, channels, SIDE, SIDE], dtype, device)?;
        let kernel = random(&[channels, channels, KERNEL, KERNEL], dtype, device)?;
        let operations = 2.0 * float(channels * channels * taps * SIDE * SIDE);
        let once = |image: &Tensor, kernel: &Tensor| image.conv2d(kernel, KERNEL / 2, 1, 1, 1);
        let (input, weights) = (image.clone(), kernel.clone());
        Ok(Work {
            shape: format!("{channels} of {SIDE} x {SIDE}"),
            amount: operations,
            operations,
            bytes: float(elements(channels) * size),
            run: Box::new(move || once(&input, &weights).map(drop)),
            check: Box::new(move || convolution_check(&image, &kernel, &once(&image, &kernel)?)),
        })
    });
}

fn convolution_check(image: &Tensor, kernel: &Tensor, result: &Tensor) -> Result<Check> {
    let channels = image.dim(1)?;
    let taps = KERNEL * KERNEL;
    let steps = float(channels * taps).sqrt();
    let steps = if image.dtype() == DType::F32 { steps } else { 0.0 };
    let mut check = Check::new(check::rounding(image.dtype()) * (8.0 + steps));
    let image = check::values(image)?;
    for out in check::sample(channels) {
        let weights = check::values(&kernel.get(out)?)?;
        let found = check::values(&result.get(0)?.get(out)?)?;
        for (row, column) in check::sample(SIDE).zip(check::sample(SIDE).skip(1).chain([0])) {
            // What lies beyond the edge is nothing.
            let around = |channel: usize, tap: usize| {
                let row = (row + tap / KERNEL).checked_sub(KERNEL / 2).filter(|it| *it < SIDE)?;
                let column =
                    (column + tap % KERNEL).checked_sub(KERNEL / 2).filter(|it| *it < SIDE)?;
                Some(image[(channel * SIDE + row) * SIDE + column])
            };
            let seen: Vec<f64> = (0..channels * taps)
                .map(|at| around(at / taps, at % taps).unwrap_or(0.0))
                .collect();
            let (sum, scale) = check::dot(&weights, &seen);
            check.entry(found[row * SIDE + column], sum, scale);
        }
    }
    Ok(check)
}

/// So many operations follow each other, each with what the one before it gave.
const LAUNCHES: usize = 1000;

fn launches(bench: &mut Bench<'_>) {
    let device = &bench.machine.device;
    let case = Case { part: Part::Launch, name: "one number", counts: true };
    bench.measure(case, [(LAUNCHES, 0)], |count| {
        let start = random(&[1], DType::F32, device)?;
        let once = move |start: &Tensor| {
            let mut sum = start.clone();
            for _ in 0..count {
                sum = sum.affine(1.0, 1.0)?;
            }
            Ok(sum)
        };
        let first = start.clone();
        Ok(Work {
            shape: format!("{count} in turn"),
            amount: float(count),
            operations: 0.0,
            bytes: 0.0,
            run: Box::new(move || once(&first).map(drop)),
            check: Box::new(move || {
                let (from, to) = (check::values(&start)?[0], check::values(&once(&start)?)?[0]);
                let mut check = Check::new(check::rounding(DType::F32) * float(count).sqrt());
                check.entry(to, from + float(count), float(count));
                Ok(check)
            }),
        })
    });
}

/// Between the host and the device.
fn copies(bench: &mut Bench<'_>) {
    let device = &bench.machine.device;
    let to = Case { part: Part::HostToDevice, name: "not pinned", counts: true };
    let from = Case { part: Part::DeviceToHost, name: "not pinned", counts: true };
    for case in [to, from] {
        bench.measure(case, row_sizes(true), |bytes| {
            let mut random = memory::Random::new(bytes as u64);
            let length = bytes / size_of::<u32>();
            let host: Vec<u32> = (0..length).map(|_| random.next() as u32).collect();
            let resident = Tensor::from_slice(&host, length, device)?;
            let (sent, fetched) = (host.clone(), resident.clone());
            let is_to = case.part == Part::HostToDevice;
            Ok(Work {
                shape: megabytes(bytes),
                amount: float(bytes),
                operations: 0.0,
                bytes: 0.0,
                run: Box::new(move || {
                    if is_to {
                        Tensor::from_slice(&sent, length, device).map(drop)
                    } else {
                        fetched.to_vec1::<u32>().map(drop)
                    }
                }),
                check: Box::new(move || Ok(Check::exact(resident.to_vec1::<u32>()? == host))),
            })
        });
    }
    let machine = bench.machine;
    for part in [Part::HostToDevice, Part::DeviceToHost] {
        let case = Case { part, name: "pinned", counts: false };
        bench.measure(case, row_sizes(true), |bytes| pinned(machine, part, bytes));
    }
}

/// A copy from or to host memory that stays where it is, which the device reads and writes by itself.
fn pinned(machine: &Machine, part: Part, bytes: usize) -> Result<Work<'_>> {
    let Some(mut copies) = machine.pinned(bytes).transpose()? else {
        candle_core::bail!("there is no such memory for this device");
    };
    let mut random = memory::Random::new(bytes as u64);
    copies.host().chunks_mut(8).for_each(|chunk| {
        chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
    });
    let sent = copies.host().to_vec();
    copies.send()?;
    let timed = Rc::new(RefCell::new(copies));
    let checked = Rc::clone(&timed);
    Ok(Work {
        shape: megabytes(bytes),
        amount: float(bytes),
        operations: 0.0,
        bytes: 0.0,
        run: Box::new(move || {
            let mut copies = timed.borrow_mut();
            if part == Part::HostToDevice { copies.send() } else { copies.fetch() }
        }),
        check: Box::new(move || {
            let mut copies = checked.borrow_mut();
            machine.synchronize()?;
            copies.host().fill(0);
            copies.fetch()?;
            machine.synchronize()?;
            Ok(Check::exact(copies.host() == sent))
        }),
    })
}
