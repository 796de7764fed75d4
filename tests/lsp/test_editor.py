"""A short round with a client that is not ours: pytest-lsp. Run by tests/lsp.rs, which says where the program and a
bundle are."""

import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

BUNDLE = pathlib.Path(os.environ["JIESU_BUNDLE"])
SCENARIO = BUNDLE / "rules/scenarios/road/streetlight-out.yaml"
COMMAND = [os.environ["JIESU"], "lsp", "--stdio", "--lang", "zh", "--at", "2026-11-22"]


@pytest_lsp.fixture(config=ClientServerConfig(server_command=COMMAND))
async def client(lsp_client: LanguageClient):
    # The server asks to be told of files that change; editors agree.
    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def agree(params: types.RegistrationParams):
        return None

    params = types.InitializeParams(
        capabilities=pytest_lsp.client_capabilities("visual-studio-code"),
        workspace_folders=[types.WorkspaceFolder(uri=BUNDLE.as_uri(), name="bundle")],
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


def open_file(client, path, text):
    item = types.TextDocumentItem(uri=path.as_uri(), language_id="yaml", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))


def position(text, words, after=0):
    before = text[: text.index(words) + after]
    line = before.count("\n")
    return types.Position(line=line, character=len(before) - (before.rfind("\n") + 1))


@pytest.mark.asyncio
async def test_a_mistake_is_found(client: LanguageClient):
    text = SCENARIO.read_text(encoding="utf-8").replace("title:", "titel:")
    open_file(client, SCENARIO, text)
    await client.wait_for_notification("textDocument/publishDiagnostics")
    found = client.diagnostics[SCENARIO.as_uri()]
    assert any(it.code == "J003" and "title" in it.message for it in found), found


@pytest.mark.asyncio
async def test_lists_are_offered_and_explained(client: LanguageClient):
    text = SCENARIO.read_text(encoding="utf-8")
    open_file(client, SCENARIO, text)
    document = types.TextDocumentIdentifier(uri=SCENARIO.as_uri())
    at = position(text, "$路灯", after=1)
    offered = await client.text_document_completion_async(
        types.CompletionParams(text_document=document, position=at)
    )
    assert "$路灯" in [item.label for item in offered.items]
    shown = await client.text_document_hover_async(types.HoverParams(text_document=document, position=at))
    assert "照明灯" in shown.contents.value
    defined = await client.text_document_definition_async(
        types.DefinitionParams(text_document=document, position=at)
    )
    assert [pathlib.Path(it.uri).name for it in defined] == ["common.yaml"]


@pytest.mark.asyncio
async def test_a_list_is_renamed_in_all_files(client: LanguageClient):
    text = SCENARIO.read_text(encoding="utf-8")
    open_file(client, SCENARIO, text)
    params = types.RenameParams(
        text_document=types.TextDocumentIdentifier(uri=SCENARIO.as_uri()),
        position=position(text, "$路灯", after=1),
        new_name="街上的灯",
    )
    edit = await client.text_document_rename_async(params)
    names = sorted(pathlib.Path(uri).name for uri in edit.changes)
    assert names == ["common.yaml", "streetlight-out.yaml"]


@pytest.mark.asyncio
async def test_a_file_is_put_into_its_layout(client: LanguageClient):
    text = SCENARIO.read_text(encoding="utf-8")
    open_file(client, SCENARIO, text.replace("title: ", "title:     ", 1))
    params = types.DocumentFormattingParams(
        text_document=types.TextDocumentIdentifier(uri=SCENARIO.as_uri()),
        options=types.FormattingOptions(tab_size=2, insert_spaces=True),
    )
    edits = await client.text_document_formatting_async(params)
    assert [edit.new_text for edit in edits] == [text.splitlines(keepends=True)[1]]
