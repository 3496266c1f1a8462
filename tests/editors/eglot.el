;;; eglot.el --- What a person does in Emacs  -*- lexical-binding: t; -*-

;; With the settings that editors/emacs has for pasting.  Run with `emacs --batch -q -l'; ends with an error at the
;; first thing that is not as it should be.

(let ((root (getenv "BRICKGATE_TEST_ROOT"))
      (snippets (getenv "BRICKGATE_TEST_SNIPPETS")))
  (setq package-directory-list (list "/usr/share/emacs/site-lisp/elpa")
        package-user-dir (expand-file-name "elpa" root)
        eglot-sync-connect 60
        eglot-connect-timeout 60
        eglot-confirm-server-initiated-edits nil
        make-backup-files nil
        auto-save-default nil
        create-lockfiles nil)
  (package-initialize)
  (load (expand-file-name "brickgate-eglot.el" snippets))
  (require 'xref)

  (defun await (what is-so instead)
    "Wait until IS-SO, or fail with WHAT and what INSTEAD gives.
A batch has no idle time, in which changes would be sent."
    (let ((end (time-add nil 60)) done)
      (while (not (or (setq done (funcall is-so)) (time-less-p end nil)))
        (eglot--signal-textDocument/didChange)
        (accept-process-output nil 0.05))
      (unless done
        (error "%s: %S" what (funcall instead)))
      (message "ok: %s" what)))

  (defun findings ()
    "The texts of all diagnostics of this buffer."
    (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

  (defun has (needle)
    "Whether this buffer has NEEDLE in it."
    (save-excursion (goto-char (point-min)) (search-forward needle nil t)))

  (find-file (expand-file-name "notebooks/daily.py" root))
  (eglot--maybe-activate-editing-mode)
  (unless (eglot-managed-p)
    (apply #'eglot (eglot--guess-contact)))
  (let ((caller (current-buffer)) helper)
    (await "the server runs" #'eglot-managed-p #'ignore)
    (await "an undefined name is found"
           (lambda () (flymake-start) (string-match-p "net.* is not defined" (or (car (findings)) "")))
           #'findings)

    (goto-char (point-min))
    (search-forward "net")
    (backward-char 1)
    (let* ((actions (append (eglot-code-actions (point) (point)) nil))
           (action (seq-find (lambda (each) (string-match-p "./lib/helpers" (plist-get each :title))) actions)))
      (unless action (error "no code action runs the notebook: %S" actions))
      (if (fboundp 'eglot-execute)
          (eglot-execute (eglot-current-server) action)
        (eglot--apply-workspace-edit (plist-get action :edit))))
    (await "a code action runs the notebook that has it" (lambda () (has "# MAGIC %run ./lib/helpers")) #'buffer-string)
    (await "nothing is wrong any more" (lambda () (flymake-start) (null (findings))) #'findings)

    (goto-char (point-min))
    (search-forward "net(")
    (backward-char 2)
    (xref-find-definitions (xref-backend-identifier-at-point (xref-find-backend)))
    (setq helper (current-buffer))
    (await "the definition is in the helper"
           (lambda () (and (string-suffix-p "lib/helpers.py" (buffer-file-name))
                           (looking-at-p "net(gross)")))
           (lambda () (list (buffer-file-name) (point))))

    (insert "x")
    (eglot--signal-textDocument/didChange)
    (with-current-buffer caller
      (await "an edit of the helper is felt in its caller"
             (lambda () (flymake-start) (seq-some (lambda (each) (string-match-p "net.* is not defined" each)) (findings)))
             #'findings))
    (delete-char -1)
    (eglot--signal-textDocument/didChange)
    (with-current-buffer caller
      (await "and taken back as well" (lambda () (flymake-start) (null (findings))) #'findings))

    (eglot-rename "without_tax")
    (await "a rename changes both files"
           (lambda () (and (has "def without_tax(") (with-current-buffer caller (has "without_tax("))))
           (lambda () (list (buffer-string) (with-current-buffer caller (buffer-string)))))

    (dolist (buffer (list caller helper))
      (with-current-buffer buffer
        (set-buffer-modified-p t)
        (let ((inhibit-message t)) (save-buffer))))
    (message "ok: all is written")
    (eglot-shutdown (eglot-current-server))))
;;; eglot.el ends here
