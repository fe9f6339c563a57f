-- Drives Neovim, in which `app.py` of a Space is open: sees the finding, reads its page, applies its fix,
-- sees it go, and silences another. Ends Neovim with status 0, or says what is not so.

local function steps()
  local function diagnostics(buffer)
    return vim.diagnostic.get(buffer)
  end
  local function wait(what, is_so)
    assert(vim.wait(30000, is_so, 20), 'not so: ' .. what .. '\n' .. vim.inspect(vim.diagnostic.get()))
  end
  local function client(buffer)
    return vim.lsp.get_clients({ bufnr = buffer, name = 'spacelint' })[1]
  end
  local function ask(buffer, method, params)
    local answer = client(buffer):request_sync(method, params, 30000, buffer)
    assert(answer and not answer.err, vim.inspect(answer))
    return answer.result
  end
  local function at(buffer, diagnostic)
    local place = { line = diagnostic.lnum, character = diagnostic.user_data.lsp.range.start.character }
    return {
      textDocument = vim.lsp.util.make_text_document_params(buffer),
      position = place,
      range = { start = place, ['end'] = place },
      context = { diagnostics = {} },
    }
  end
  local function choose(buffer, diagnostic, title)
    for _, action in ipairs(ask(buffer, 'textDocument/codeAction', at(buffer, diagnostic))) do
      if action.title:find(title, 1, true) then
        if not action.edit then
          action = ask(buffer, 'codeAction/resolve', action)
        end
        vim.lsp.util.apply_workspace_edit(action.edit, client(buffer).offset_encoding)
        return
      end
    end
    error('no action: ' .. title)
  end

  local app = vim.api.nvim_get_current_buf()
  wait('one finding in app.py', function() return #diagnostics(app) == 1 end)
  local found = diagnostics(app)[1]
  assert(found.code == 'cuda-before-spaces' and found.source == 'spacelint', vim.inspect(found))
  assert(found.severity == vim.diagnostic.severity.ERROR)
  -- Counted in bytes: the emoji before it is four.
  assert(found.lnum == 2 and found.col == 14, vim.inspect(found))
  local page = ask(app, 'textDocument/hover', at(app, found)).contents
  assert(page.kind == 'markdown' and page.value:find('## What happens', 1, true), vim.inspect(page))

  choose(app, found, 'Move `import spaces` to the top')
  wait('it is gone', function() return #diagnostics(app) == 0 end)
  assert(vim.api.nvim_buf_get_lines(app, 0, 1, true)[1] == 'import spaces')

  vim.cmd('edit! requirements.txt')
  local requirements = vim.api.nvim_get_current_buf()
  wait('one finding in requirements.txt', function() return #diagnostics(requirements) == 1 end)
  choose(requirements, diagnostics(requirements)[1], 'Apply every safe fix')
  wait('it is gone too', function() return #diagnostics(requirements) == 0 end)
  assert(vim.api.nvim_buf_get_lines(requirements, 0, -1, true)[1] == 'torch==2.9.1')

  vim.cmd('edit! README.md')
  local card = vim.api.nvim_get_current_buf()
  wait('findings in the card', function() return #diagnostics(card) > 0 end)
  for _ = 1, #diagnostics(card) do
    local before = #diagnostics(card)
    choose(card, diagnostics(card)[1], 'Ignore `' .. diagnostics(card)[1].code .. '` here')
    wait('one is silenced', function() return #diagnostics(card) < before end)
  end
  local line = table.concat(vim.api.nvim_buf_get_lines(card, 0, -1, true), '\n')
  assert(line:find('# spacelint: ignore[', 1, true), line)

  local running = client(card)
  running:stop()
  wait('the server has ended', function() return running:is_stopped() end)
end

local is_well, why = xpcall(steps, debug.traceback)
if is_well then
  io.stdout:write('Neovim ', tostring(vim.version()), ' saw, read, mended and silenced it.\n')
  vim.cmd('qall!')
else
  io.stderr:write(why, '\n')
  vim.cmd('cquit 1')
end
