-- Without a server: formats a file before it is written, checks it when it is read or written. Neovim 0.10 and newer.
-- For init.lua, or as ~/.config/nvim/plugin/brickgate.lua.

local namespace = vim.api.nvim_create_namespace('brickgate')
local group = vim.api.nvim_create_augroup('brickgate', {})
local patterns = { '*.py', '*.sql', '*.scala', '*.r', '*.R' }
local severities = {
  error = vim.diagnostic.severity.ERROR,
  warning = vim.diagnostic.severity.WARN,
  info = vim.diagnostic.severity.INFO,
}

--- Runs a command of brickgate on the text of a buffer, saved or not.
local function run(buf, arguments, done)
  local command = vim.list_extend({ 'brickgate' }, arguments)
  vim.list_extend(command, { '--stdin-filename', vim.api.nvim_buf_get_name(buf), '-' })
  local text = table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, true), '\n')
  if vim.bo[buf].endofline then
    text = text .. '\n'
  end
  local folder = vim.fs.dirname(vim.api.nvim_buf_get_name(buf))
  return vim.system(command, { stdin = text, text = true, cwd = folder }, done)
end

local function format(buf)
  local result = run(buf, { 'format', '--quiet' }):wait(5000)
  if result.code ~= 0 then
    vim.notify(vim.trim(result.stderr or ''), vim.log.levels.WARN)
    return
  end
  local old = vim.api.nvim_buf_get_lines(buf, 0, -1, true)
  local new = vim.split((result.stdout:gsub('\n$', '')), '\n')
  -- Only what differs is written, so that cursor, marks and folds stay where they are.
  local diff = vim.text and vim.text.diff or vim.diff
  local hunks = diff(table.concat(old, '\n') .. '\n', table.concat(new, '\n') .. '\n', { result_type = 'indices' })
  for i = #hunks, 1, -1 do
    local from, count, new_from, new_count = unpack(hunks[i])
    local first = count == 0 and from or from - 1
    local lines = vim.list_slice(new, new_from, new_from + new_count - 1)
    vim.api.nvim_buf_set_lines(buf, first, first + count, true, lines)
  end
end

--- The place in a buffer: rows from 0, columns in bytes.
local function place(buf, location)
  local row = math.min(location.row, vim.api.nvim_buf_line_count(buf)) - 1
  local line = vim.api.nvim_buf_get_lines(buf, row, row + 1, true)[1]
  return row, vim.fn.byteidx(line, math.min(location.column - 1, vim.fn.strchars(line)))
end

local function check(buf)
  run(buf, { 'check', '--output-format', 'json' }, function(result)
    vim.schedule(function()
      local parsed, findings = pcall(vim.json.decode, result.stdout)
      if not parsed or not vim.api.nvim_buf_is_loaded(buf) then
        return
      end
      local diagnostics = vim.tbl_map(function(finding)
        local row, column = place(buf, finding.location)
        local end_row, end_column = place(buf, finding.end_location)
        return {
          lnum = row,
          col = column,
          end_lnum = end_row,
          end_col = end_column,
          severity = severities[finding.severity],
          message = finding.message,
          code = finding.code,
          source = 'brickgate',
        }
      end, findings)
      vim.diagnostic.set(namespace, buf, diagnostics)
    end)
  end)
end

vim.api.nvim_create_autocmd('BufWritePre', { group = group, pattern = patterns, callback = function(event) format(event.buf) end })
vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufWritePost' }, {
  group = group,
  pattern = patterns,
  callback = function(event) check(event.buf) end,
})
