;;; brickgate-lsp-mode.el --- brickgate's server with lsp-mode  -*- lexical-binding: t; -*-

;; Runs beside other servers (`:add-on? t').  Load this from your init file, and have `lsp' or `lsp-deferred' in the
;; hooks of your modes.

(require 'lsp-mode)

(dolist (mode '((sql-mode . "sql") (scala-mode . "scala") (ess-r-mode . "r")))
  (add-to-list 'lsp-language-id-configuration mode))

(lsp-register-client
 (make-lsp-client
  :new-connection (lsp-stdio-connection '("brickgate" "server"))
  :activation-fn (lsp-activate-on "python" "sql" "yaml" "scala" "r")
  :server-id 'brickgate
  :add-on? t
  :priority -1
  :multi-root t))

(defun brickgate-format-on-save ()
  "Format before each save."
  (add-hook 'before-save-hook #'lsp-format-buffer nil t))

(add-hook 'lsp-managed-mode-hook #'brickgate-format-on-save)

(provide 'brickgate-lsp-mode)
;;; brickgate-lsp-mode.el ends here
