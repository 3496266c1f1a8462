-- What a person does in Neovim, with the settings that editors/neovim has for pasting. Run with `nvim -l`; ends with
-- an error at the first thing that is not as it should be.

local root, snippets = _G.arg[1], _G.arg[2]
local daily, helpers = root .. '/notebooks/daily.py', root .. '/notebooks/lib/helpers.py'

vim.cmd('filetype on')
vim.opt.runtimepath:prepend(snippets)
vim.lsp.enable('brickgate')
dofile(snippets .. '/on_save.lua')

local function text(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, true), '\n')
end

local function findings(buf)
  return vim.tbl_map(function(finding)
    return ('%d:%d %s'):format(finding.lnum + 1, finding.col + 1, finding.code)
  end, vim.diagnostic.get(buf))
end

--- Waits until something is so; fails with what is there instead.
local function wait(what, is_so, instead)
  if not vim.wait(60000, is_so, 20) then
    error(what .. ': ' .. vim.inspect(instead and instead()))
  end
  print('ok: ' .. what)
end

local function wait_for_findings(what, buf, wanted)
  wait(what, function()
    return vim.deep_equal(findings(buf), wanted)
  end, function()
    return findings(buf)
  end)
end

vim.cmd.edit(daily)
local caller = vim.api.nvim_get_current_buf()
wait('the server runs', function()
  return #vim.lsp.get_clients({ bufnr = caller, name = 'brickgate' }) == 1
end)
wait_for_findings('an undefined name is found', caller, { '2:7 undefined-name' })

vim.api.nvim_win_set_cursor(0, { 2, 6 })
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action)
    return action.title:find('./lib/helpers', 1, true) ~= nil
  end,
})
wait('a code action runs the notebook that has it', function()
  return text(caller):find('# MAGIC %run ./lib/helpers', 1, true) ~= nil
end, function()
  return text(caller)
end)
wait_for_findings('nothing is wrong any more', caller, {})

vim.fn.search('net(')
local client = vim.lsp.get_clients({ bufnr = caller, name = 'brickgate' })[1]
local place = vim.lsp.util.make_position_params(0, client.offset_encoding)
local hover = client:request_sync('textDocument/hover', place, 60000, caller)
local shown = hover and hover.result and hover.result.contents.value or ''
for _, part in ipairs({ 'def net(gross)', 'What is left without tax.', 'lib/helpers' }) do
  assert(shown:find(part, 1, true), shown)
end
print('ok: hovering shows the function and where it is from')

vim.lsp.buf.definition()
wait('the definition is in the helper', function()
  return vim.api.nvim_buf_get_name(0) == helpers and vim.api.nvim_get_current_line() == 'def net(gross):'
end, function()
  return { vim.api.nvim_buf_get_name(0), vim.api.nvim_get_current_line() }
end)
local helper = vim.api.nvim_get_current_buf()

local at = vim.api.nvim_win_get_cursor(0)[1]
local before = vim.split(text(caller), 'net(', { plain = true })[1]
local call = #vim.split(before, '\n')
vim.api.nvim_buf_set_lines(helper, at - 1, at, true, { 'def nett(gross):' })
wait('an edit of the helper is felt in its caller', function()
  return vim.list_contains(findings(caller), call .. ':7 undefined-name')
end, function()
  return findings(caller)
end)
vim.api.nvim_buf_set_lines(helper, at - 1, at, true, { 'def net(gross):' })
wait_for_findings('and taken back as well', caller, {})

vim.api.nvim_win_set_cursor(0, { at, 4 })
vim.lsp.buf.rename('without_tax')
wait('a rename changes both files', function()
  return text(caller):find('without_tax(', 1, true) and text(helper):find('def without_tax(', 1, true)
end, function()
  return { text(caller), text(helper) }
end)

vim.g.brickgate_fix_all = true
vim.api.nvim_buf_set_lines(caller, call - 1, call - 1, true, { 'import os' })
vim.cmd.wall()
print('ok: all is written')
vim.cmd.qall({ bang = true })
