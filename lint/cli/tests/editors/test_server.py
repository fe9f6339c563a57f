"""The server under pytest-lsp, which says what each editor says of itself when it begins."""

import asyncio
import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SPACE = pathlib.Path(os.environ["SPACE"])
# What each counts columns in, and where the first finding then stands, behind an emoji.
EDITORS = {
    "visual_studio_code": ("utf-16-le", 2, 12),
    "neovim": ("utf-8", 1, 14),
    "emacs": ("utf-32-le", 4, 11),
}


@pytest_lsp.fixture(
    params=list(EDITORS),
    config=ClientServerConfig(server_command=[os.environ["SPACELINT"], "server"]),
)
async def client(request, lsp_client: LanguageClient):
    """An editor with the Space open as a folder."""

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(_params):
        """What is to be watched, which these editors say they can."""

    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(uri=SPACE.as_uri(), name="space")],
        )
    )
    yield lsp_client
    await lsp_client.shutdown_session()


def open_file(client, path):
    """Opens a file of the Space: its URI and text."""
    uri, text = (SPACE / path).as_uri(), (SPACE / path).read_text()
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(
            types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
        )
    )
    return uri, text


async def shown(client, uri, is_it):
    """The diagnostics of a file, once they are so."""
    for _ in range(300):
        found = client.diagnostics.get(uri, None)
        if found is not None and is_it(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{uri}: {client.diagnostics}")


def edited(text, edit, uri, editor):
    """The text after an edit."""
    encoding, unit, _ = EDITORS[editor]
    edits = (
        next(change.edits for change in edit.document_changes if change.text_document.uri == uri)
        if edit.document_changes
        else edit.changes[uri]
    )
    lines = text.splitlines(keepends=True)

    def offset(position):
        before = "".join(lines[: position.line])
        line = text[len(before) :].encode(encoding)[: position.character * unit]
        return len(before) + len(line.decode(encoding))

    for one in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text


@pytest.mark.asyncio
async def test_a_finding_is_seen_mended_and_gone(client: LanguageClient, request):
    editor = request.node.callspec.params["client"]
    uri, text = open_file(client, "app.py")
    [found] = await shown(client, uri, lambda found: len(found) == 1)
    assert found.code == "cuda-before-spaces"
    assert found.severity == types.DiagnosticSeverity.Error
    assert found.range.start == types.Position(line=2, character=EDITORS[editor][2])
    hover = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), found.range.start)
    )
    assert "cuda-before-spaces" in hover.contents.value
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri), found.range, types.CodeActionContext([found])
        )
    )
    [fix] = [action for action in actions if getattr(action, "is_preferred", False)]
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=2, uri=uri),
            [types.TextDocumentContentChangeWholeDocument(edited(text, fix.edit, uri, editor))],
        )
    )
    assert not await shown(client, uri, lambda found: not found)
    kinds = [getattr(action, "kind", None) for action in actions]
    assert "source.fixAll.spacelint" in kinds
    client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
    # The folder is open still, and so is what stands on disk.
    assert await shown(client, uri, lambda found: len(found) == 1)
    assert not client.log_messages


@pytest.mark.asyncio
async def test_the_card_and_the_requirements_are_served_too(client: LanguageClient):
    uri, _ = open_file(client, "requirements.txt")
    [found] = await shown(client, uri, lambda found: len(found) == 1)
    assert found.code == "unused-ignore"
    card, _ = open_file(client, "README.md")
    found = await shown(client, card, lambda found: found)
    assert "unquoted-version" in {one.code for one in found}
