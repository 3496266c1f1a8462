-- Formats before a file is written, with the server. With `vim.g.brickgate_fix_all = true` it makes all safe fixes first.
-- For init.lua.

--- Makes the fixes of one kind of code action, and waits for them.
local function apply(client, buf, kind)
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { only = { kind }, diagnostics = {}, triggerKind = 2 }
  local answer = client:request_sync('textDocument/codeAction', params, 5000, buf)
  for _, action in ipairs(answer and answer.result or {}) do
    if not action.edit then
      local resolved = client:request_sync('codeAction/resolve', action, 5000, buf)
      action = resolved and resolved.result or action
    end
    if action.edit then
      vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    end
  end
end

vim.api.nvim_create_autocmd('BufWritePre', {
  group = vim.api.nvim_create_augroup('brickgate', {}),
  callback = function(event)
    local client = vim.lsp.get_clients({ bufnr = event.buf, name = 'brickgate' })[1]
    if not client then
      return
    end
    if vim.g.brickgate_fix_all then
      apply(client, event.buf, 'source.fixAll.brickgate')
    end
    vim.lsp.buf.format({ bufnr = event.buf, name = 'brickgate', timeout_ms = 5000 })
  end,
})
