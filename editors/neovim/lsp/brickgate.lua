-- Neovim 0.11 and newer. Put this into ~/.config/nvim/lsp/brickgate.lua and say in init.lua:
--   vim.lsp.enable('brickgate')

---@type vim.lsp.Config
return {
  cmd = { 'brickgate', 'server' },
  filetypes = { 'python', 'sql', 'scala', 'r', 'yaml' },
  -- The first group that is found upwards counts.
  root_markers = { { 'databricks.yml', '.brickgate.toml', 'brickgate.toml' }, 'pyproject.toml', '.git' },
  settings = {
    brickgate = {
      wholeWorkspace = false,
      codeLens = false,
      inlayHints = false,
    },
  },
}
