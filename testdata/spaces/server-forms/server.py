import spaces
import torch
from contextlib import asynccontextmanager
from fastapi import APIRouter, BackgroundTasks, Depends, WebSocket
from fastapi.responses import HTMLResponse
from gradio import Server
from transformers import AutoModel

model = AutoModel.from_pretrained("ann/weather").to("cuda")
log = []


@asynccontextmanager
async def lifespan(app):
    log.append("open")
    yield
    log.append("closed")


server = Server(lifespan=lifespan)
router = APIRouter(prefix="/v1")


def visitor():
    return "somebody"


def record(place):
    log.append(place)


@spaces.GPU(duration=15)
def predict(place):
    return model(torch.tensor([hash(place) % 100], device="cuda")).last_hidden_state.mean().item()


@server.api(name="forecast")
def forecast(place: str) -> float:
    return predict(place)


@server.api
def places() -> list[str]:
    return log


@server.mcp.tool(name="storm")
@server.api(name="storm")
@spaces.GPU(duration=10)
def storm(place: str) -> bool:
    return predict(place) > 0.5


@server.get("/", response_class=HTMLResponse)
def home(name: str = Depends(visitor)):
    return f"<h1>Hello {name}</h1>"


@router.post("/places")
async def add(place: str, tasks: BackgroundTasks):
    tasks.add_task(record, place)
    return {"forecast": predict(place)}


@server.websocket("/live")
async def live(socket: WebSocket):
    await socket.accept()
    await socket.send_json(log)


def health():
    return "ok"


def refused(request, error):
    return HTMLResponse("No", status_code=403)


@server.middleware("http")
async def count(request, call_next):
    log.append(request.url.path)
    return await call_next(request)


server.add_api_route("/health", health)
server.add_exception_handler(PermissionError, refused)
server.include_router(router)
server.launch()
