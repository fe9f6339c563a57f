"""The entry point: everything else is in `src/captioner`."""

from src.captioner import create_app

demo = create_app()

if __name__ == "__main__":
    demo.launch()
