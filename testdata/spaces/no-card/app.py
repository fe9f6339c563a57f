import gradio as gr
import spaces
import torch
from PIL import Image
from torchvision import transforms
from transformers import AutoModelForImageSegmentation

torch.set_float32_matmul_precision("high")

net = AutoModelForImageSegmentation.from_pretrained("ZhengPeng7/BiRefNet", trust_remote_code=True)
net.to("cuda").eval()

SIZE = (1024, 1024)
prepare = transforms.Compose(
    [
        transforms.Resize(SIZE),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


@spaces.GPU(duration=15)
def mask(image: Image.Image) -> Image.Image:
    batch = prepare(image).unsqueeze(0).to("cuda")
    with torch.no_grad():
        prediction = net(batch)[-1].sigmoid().cpu()[0].squeeze()
    return transforms.ToPILImage()(prediction).resize(image.size)


def cut(image):
    image = image.convert("RGB")
    out = image.copy()
    out.putalpha(mask(image))
    return image, out


demo = gr.Interface(
    cut,
    gr.Image(type="pil", label="Picture"),
    gr.ImageSlider(type="pil", format="png", label="Subject"),
    title="Background Remover",
)

if __name__ == "__main__":
    demo.launch()
