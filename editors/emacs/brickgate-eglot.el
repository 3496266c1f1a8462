;;; brickgate-eglot.el --- brickgate's server with eglot  -*- lexical-binding: t; -*-

;; Emacs 29 has eglot; for older ones it is a package.  Load this from your init file.

(require 'eglot)

(defconst brickgate-modes '(python-mode python-ts-mode sql-mode yaml-mode yaml-ts-mode scala-mode ess-r-mode)
  "Modes in which brickgate is of use.")

(add-to-list 'eglot-server-programs (cons brickgate-modes '("brickgate" "server")))

(defun brickgate-start ()
  "Start the server, and format before each save."
  (eglot-ensure)
  (add-hook 'before-save-hook #'brickgate-format-if-managed nil t))

(defun brickgate-format-if-managed ()
  "Format the buffer if its server runs."
  (when (eglot-managed-p)
    (eglot-format-buffer)))

(dolist (mode brickgate-modes)
  (add-hook (intern (format "%s-hook" mode)) #'brickgate-start))

(provide 'brickgate-eglot)
;;; brickgate-eglot.el ends here
