;;; brickgate-on-save.el --- brickgate without a server  -*- lexical-binding: t; -*-

;; Formats before each save, and shows findings with flymake.  Load this from your init file.

(require 'flymake)

(defvar-local brickgate--process nil "The check that runs for this buffer.")

(defun brickgate-format-buffer ()
  "Format the buffer; leave it as it is if that cannot be done."
  (interactive)
  (let ((source (current-buffer)) (file (buffer-file-name)))
    (with-temp-buffer
      (let ((target (current-buffer)))
        (when (eql 0 (with-current-buffer source
                       (call-process-region nil nil "brickgate" nil (list target nil) nil
                                            "format" "--quiet" "--stdin-filename" file "-")))
          (with-current-buffer source
            (replace-buffer-contents target)))))))

(defun brickgate-flymake (report &rest _)
  "Check the buffer's text, saved or not, and tell REPORT of the findings."
  (when (process-live-p brickgate--process)
    (kill-process brickgate--process))
  (let ((source (current-buffer)) (file (buffer-file-name)))
    (setq brickgate--process
          (make-process
           :name "brickgate" :noquery t :connection-type 'pipe
           :buffer (generate-new-buffer " *brickgate*")
           :command (list "brickgate" "check" "--quiet" "--output-format" "concise" "--stdin-filename" file "-")
           :sentinel
           (lambda (process _event)
             (when (memq (process-status process) '(exit signal))
               (unwind-protect
                   (when (and (buffer-live-p source)
                              (eq process (buffer-local-value 'brickgate--process source)))
                     (funcall report (brickgate--findings (process-buffer process) source)))
                 (kill-buffer (process-buffer process)))))))
    (process-send-region brickgate--process (point-min) (point-max))
    (process-send-eof brickgate--process)))

(defun brickgate--findings (output source)
  "The findings in OUTPUT, as flymake wants them for SOURCE."
  (with-current-buffer output
    (goto-char (point-min))
    (let ((line "^\\(?:.+?\\):\\([0-9]+\\):\\([0-9]+\\): \\(error\\|warning\\|info\\): \\(.*\\)$") findings)
      (while (search-forward-regexp line nil t)
        (let* ((row (string-to-number (match-string 1)))
               (column (string-to-number (match-string 2)))
               (severity (cdr (assoc (match-string 3) '(("error" . :error) ("warning" . :warning) ("info" . :note)))))
               (message (match-string 4))
               (region (flymake-diag-region source row column)))
          (push (flymake-make-diagnostic source (car region) (cdr region) severity message) findings)))
      (nreverse findings))))

(defun brickgate-on-save ()
  "Format before each save of this buffer, and show findings."
  (add-hook 'before-save-hook #'brickgate-format-buffer nil t)
  (add-hook 'flymake-diagnostic-functions #'brickgate-flymake nil t)
  (flymake-mode 1))

(dolist (hook '(python-mode-hook python-ts-mode-hook sql-mode-hook scala-mode-hook ess-r-mode-hook))
  (add-hook hook #'brickgate-on-save))

(provide 'brickgate-on-save)
;;; brickgate-on-save.el ends here
