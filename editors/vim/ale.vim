" Vim 8 and newer with ALE: findings while you type, definition, references, rename and code actions by the server, and
" formatting when a file is written. Put this into ~/.vim/plugin/brickgate.vim, instead of brickgate.vim.
"
"   :ALEGoToDefinition   :ALEFindReferences   :ALERename   :ALECodeAction   :ALEHover

function! BrickgateRoot(buffer) abort
  for l:name in ['databricks.yml', '.brickgate.toml', 'brickgate.toml']
    let l:file = ale#path#FindNearestFile(a:buffer, l:name)
    if !empty(l:file)
      return fnamemodify(l:file, ':h')
    endif
  endfor
  let l:git = ale#path#FindNearestDirectory(a:buffer, '.git')
  return empty(l:git) ? fnamemodify(bufname(a:buffer), ':p:h') : fnamemodify(l:git, ':h:h')
endfunction

function! BrickgateFormat(buffer) abort
  return {'command': 'brickgate format --quiet --stdin-filename %s -'}
endfunction

for s:type in ['python', 'sql', 'scala', 'r', 'yaml']
  call ale#linter#Define(s:type, {
  \ 'name': 'brickgate',
  \ 'lsp': 'stdio',
  \ 'executable': 'brickgate',
  \ 'command': '%e server',
  \ 'project_root': function('BrickgateRoot'),
  \})
endfor

call ale#fix#registry#Add('brickgate', 'BrickgateFormat', ['python', 'sql', 'scala', 'r'], 'Format with brickgate')

" Which linters and fixers run is for you to say; these are for Python.
let g:ale_linters = extend({'python': ['brickgate', 'ruff']}, get(g:, 'ale_linters', {}))
let g:ale_fixers = extend({'python': ['brickgate']}, get(g:, 'ale_fixers', {}))
let g:ale_fix_on_save = 1
