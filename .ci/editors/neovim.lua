-- Neovim with the settings in editors/neovim: diagnostics, a code action, definition across %run, rename, an unsaved
-- edit of a helper, format on save. Run by .ci/editors/run.

local lab, top = vim.env.LAB, vim.env.TOP
vim.cmd('filetype on')
vim.o.swapfile = false
vim.lsp.config('brickgate', dofile(top .. '/editors/neovim/lsp/brickgate.lua'))
vim.lsp.enable('brickgate')
dofile(top .. '/editors/neovim/on_save.lua')

local function until_true(what, check)
  if not vim.wait(30000, check, 20) then
    io.stdout:write('Neovim: ', what, ': not so\n')
    local found = vim.tbl_map(function(row)
      return row.lnum .. ' ' .. row.message
    end, vim.diagnostic.get())
    io.stdout:write(vim.inspect(found), '\n', table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'), '\n')
    vim.cmd('cquit 1')
  end
end

local function codes(buf)
  local found = {}
  for _, row in ipairs(vim.diagnostic.get(buf)) do
    found[#found + 1] = (row.lnum + 1) .. ' ' .. row.code
  end
  table.sort(found)
  return table.concat(found, ', ')
end

local function text(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf or 0, 0, -1, false), '\n')
end

vim.cmd.edit(lab .. '/main.py')
local main = vim.api.nvim_get_current_buf()
until_true('diagnostics', function()
  return codes(main) == '6 unused-import, 8 undefined-name'
end)

-- Definition across %run.
vim.fn.search('clean')
vim.lsp.buf.definition()
until_true('definition', function()
  return vim.api.nvim_buf_get_name(0):match('lib/helpers.py$') ~= nil and vim.api.nvim_get_current_line():match('^def clean')
end)
local helper = vim.api.nvim_get_current_buf()

-- Hover.
vim.api.nvim_win_set_buf(0, main)
vim.fn.search('clean', 'cw')
local client = vim.lsp.get_clients({ bufnr = main, name = 'brickgate' })[1]
local place = vim.lsp.util.make_position_params(0, client.offset_encoding)
local hover = client:request_sync('textDocument/hover', place, 10000, main)
until_true('hover', function()
  return hover.result.contents.value:find('def clean(df, limit=3)', 1, true) and hover.result.contents.value:find('Drop what is empty', 1, true)
end)

-- Rename: both files change, and the caller keeps knowing the name.
vim.lsp.buf.rename('tidy')
until_true('rename', function()
  return text(main):find('tidy(spark', 1, true) ~= nil and text(helper):find('def tidy', 1, true) ~= nil
end)
until_true('diagnostics after the rename', function()
  return codes(main) == '6 unused-import, 8 undefined-name'
end)

-- An edit of the helper that is not saved reaches the caller.
vim.api.nvim_buf_set_lines(helper, 1, 2, false, { 'def other(df, limit=3):' })
until_true('diagnostics of the caller', function()
  return codes(main) == '2 unused-run, 6 unused-import, 7 undefined-name, 8 undefined-name'
end)
vim.api.nvim_buf_set_lines(helper, 1, 2, false, { 'def tidy(df, limit=3):' })
until_true('diagnostics of the caller, again', function()
  return codes(main) == '6 unused-import, 8 undefined-name'
end)

-- A code action.
vim.api.nvim_win_set_cursor(0, { 6, 8 })
vim.lsp.buf.code_action({
  context = { only = { 'quickfix' }, diagnostics = {} },
  filter = function(action)
    return action.title:match('^Remove') ~= nil
  end,
  apply = true,
})
until_true('code action', function()
  return text(main):find('import os', 1, true) == nil
end)

-- Format on save.
vim.cmd.write()
until_true('format on save', function()
  return table.concat(vim.fn.readfile(lab .. '/main.py'), '\n'):find('df = tidy(spark.table("a.b.c"))', 1, true) ~= nil
end)
io.stdout:write('Neovim ', tostring(vim.version()), ': diagnostics, definition, hover, rename, unsaved edits, code action, format on save\n')
vim.cmd('qall!')
