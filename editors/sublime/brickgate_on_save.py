"""Sublime Text without a server: formats a file before it is written. For Packages/User."""

import os
import subprocess

import sublime
import sublime_plugin

ENDINGS = (".py", ".sql", ".scala", ".r", ".R")


class BrickgateOnSave(sublime_plugin.EventListener):
    """Hears of files that are about to be written."""

    def on_pre_save(self, view):
        if (view.file_name() or "").endswith(ENDINGS):
            view.run_command("brickgate_format")


class BrickgateFormatCommand(sublime_plugin.TextCommand):
    """Formats the whole text; leaves it as it is if that cannot be done."""

    def run(self, edit):
        path = self.view.file_name()
        whole = sublime.Region(0, self.view.size())
        old = self.view.substr(whole)
        hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}
        try:
            done = subprocess.run(
                ["brickgate", "format", "--quiet", "--stdin-filename", path, "-"],
                input=old.encode("utf-8"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=10,
                **hidden,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            sublime.status_message("brickgate: {}".format(error))
            return
        if done.returncode != 0:
            sublime.status_message(done.stderr.decode("utf-8", "replace").strip())
            return
        new = done.stdout.decode("utf-8")
        if new != old:
            # Only what differs is replaced, so that cursors stay where they are.
            start = len(os.path.commonprefix([old, new]))
            end = len(os.path.commonprefix([old[start:][::-1], new[start:][::-1]]))
            self.view.replace(edit, sublime.Region(start, len(old) - end), new[start : len(new) - end])
