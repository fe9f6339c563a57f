"""A cache of the Hub with stand-ins for the models that the pages and the probes load: of the right kind, with a
few numbers each."""

import os
import traceback
from pathlib import Path

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<|endoftext|>", "hello", "!"]
SMALL = {"vocab_size": len(WORDS), "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
         "intermediate_size": 4}


def make():
    """Fills `HF_HOME`, in a process of its own: the libraries ask for CUDA."""
    maker = os.fork()
    if maker == 0:
        try:
            os.dup2(2, 1)
            fill(Path(os.environ["HF_HOME"]))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitpid(maker, 0)[1] == 0, "no stand-ins for the models could be made"


def fill(home):
    import peft
    import transformers

    def folder(name):
        repository = home / "hub" / f"models--{name.replace('/', '--')}"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs/main").write_text("0" * 40)
        snapshot = repository / "snapshots" / ("0" * 40)
        snapshot.mkdir(parents=True)
        return snapshot

    bert = transformers.BertConfig(**SMALL)
    distilbert = transformers.DistilBertConfig(vocab_size=len(WORDS), dim=4, hidden_dim=4, n_heads=1, n_layers=1)
    qwen = transformers.Qwen3Config(**SMALL, num_key_value_heads=1, head_dim=4)
    made = {
        "google-bert/bert-base-cased": transformers.BertModel(bert),
        "sentence-transformers/all-MiniLM-L6-v2": transformers.BertModel(bert),
        "BAAI/bge-large-en-v1.5": transformers.BertModel(bert),
        "cross-encoder/ms-marco-MiniLM-L6-v2": transformers.BertForSequenceClassification(bert),
        "distilbert/distilbert-base-uncased": transformers.DistilBertForSequenceClassification(distilbert),
        "Qwen/Qwen3-0.6B": transformers.Qwen3ForCausalLM(qwen),
    }
    home.mkdir(parents=True, exist_ok=True)
    vocabulary = home / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    tokenizer = transformers.BertTokenizerFast(str(vocabulary))
    for name, model in made.items():
        path = folder(name)
        model.save_pretrained(path)
        tokenizer.save_pretrained(path)
    adapter = peft.LoraConfig(target_modules=["q_proj"])
    peft.get_peft_model(made["Qwen/Qwen3-0.6B"], adapter).save_pretrained(folder("me/adapter"))

