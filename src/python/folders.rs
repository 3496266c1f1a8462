//! Which folder an expression names, when the text says it: what is added to `sys.path`.

use super::fold::Text;
use super::state::Walker;
use ruff_python_ast::{Expr, ExprCall, FStringPart, InterpolatedStringElement, Operator};

const MAX_LEVELS: u32 = 12;
const MAX_LEN: usize = 1000;

/// A path seen from the folder of the document. The document itself is the name `__file__` in that folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder(String);

/// How the document is written in a [`Folder`].
const THIS_FILE: &str = "__file__";

impl Folder {
    fn join(self, other: &Self) -> Self {
        if other.0.starts_with('/') { other.clone() } else { Self(format!("{}/{}", self.0, other.0)) }
    }

    fn parent(&self) -> Self {
        Self(normal(&format!("{}/..", if self.0.is_empty() { "." } else { &self.0 })))
    }

    /// The path, if it can be a folder.
    pub(super) fn into_folder(self) -> Option<Box<str>> {
        let path = normal(&self.0);
        let usable = !path.ends_with(THIS_FILE) && !path.starts_with('~') && path.len() <= MAX_LEN;
        usable.then(|| path.into_boxed_str())
    }
}

/// `path` with `.` and `..` folded.
fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if absolute => {}
            _ => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

impl Walker<'_> {
    /// The path that an expression names. Adds to [`Walker::depends`] what it hangs on.
    pub(super) fn folder(&mut self, expression: &Expr, level: u32) -> Option<Folder> {
        if level > MAX_LEVELS {
            return None;
        }
        let folder = self.any_folder(expression, level + 1)?;
        (folder.0.len() <= MAX_LEN).then_some(folder)
    }

    fn any_folder(&mut self, expression: &Expr, level: u32) -> Option<Folder> {
        match expression {
            Expr::StringLiteral(node) => Some(Folder(node.value.to_str().to_owned())),
            Expr::Name(node) => {
                if node.id == THIS_FILE {
                    return Some(Folder(THIS_FILE.to_owned()));
                }
                let name = self.facts.symbols.get(&node.id)?;
                let known = self.constant_of(name, |known| &known.folders, |folder, _, _| Some(folder.clone()));
                if known.is_some() {
                    return known;
                }
                self.text(expression, true, 0).and_then(Text::into_known).map(Folder)
            }
            Expr::Attribute(node) => match node.attr.id.as_str() {
                "parent" => self.folder(&node.value, level).map(|folder| folder.parent()),
                "curdir" => Some(Folder(".".to_owned())),
                "pardir" => Some(Folder("..".to_owned())),
                _ => None,
            },
            Expr::Subscript(node) => match (&*node.value, &*node.slice) {
                (Expr::Attribute(parents), Expr::NumberLiteral(number)) if parents.attr.id == "parents" => {
                    let folder = self.folder(&parents.value, level)?;
                    let steps = number.value.as_int()?.as_u8()?;
                    Some((0..=steps).fold(folder, |folder, _| folder.parent()))
                }
                _ => None,
            },
            Expr::BinOp(node) => match node.op {
                Operator::Div => {
                    let left = self.folder(&node.left, level)?;
                    Some(left.join(&self.folder(&node.right, level)?))
                }
                Operator::Add => {
                    let left = self.folder(&node.left, level)?;
                    Some(Folder(left.0 + &self.folder(&node.right, level)?.0))
                }
                _ => None,
            },
            Expr::FString(node) => {
                let mut path = String::new();
                for part in &node.value {
                    match part {
                        FStringPart::Literal(literal) => path.push_str(literal.as_str()),
                        FStringPart::FString(string) => {
                            for element in &string.elements {
                                path.push_str(&match element {
                                    InterpolatedStringElement::Literal(literal) => literal.value.to_string(),
                                    InterpolatedStringElement::Interpolation(hole) => {
                                        self.folder(&hole.expression, level)?.0
                                    }
                                });
                                if path.len() > MAX_LEN {
                                    return None;
                                }
                            }
                        }
                    }
                }
                Some(Folder(path))
            }
            Expr::Call(node) => self.called_folder(node, level),
            _ => None,
        }
    }

    fn called_folder(&mut self, node: &ExprCall, level: u32) -> Option<Folder> {
        let (name, of) = match &*node.func {
            Expr::Name(name) => (name.id.as_str(), None),
            Expr::Attribute(attribute) => (attribute.attr.id.as_str(), Some(&*attribute.value)),
            _ => return None,
        };
        let arguments = &node.arguments.args;
        match (name, of) {
            ("getcwd" | "cwd", _) => Some(Folder(".".to_owned())),
            ("abspath" | "realpath" | "normpath" | "fspath" | "str", _) => self.folder(arguments.first()?, level),
            ("dirname", _) => self.folder(arguments.first()?, level).map(|folder| folder.parent()),
            ("resolve" | "absolute" | "as_posix", Some(path)) => self.folder(path, level),
            ("joinpath", Some(path)) => {
                let first = self.folder(path, level)?;
                self.joined(first, arguments, level)
            }
            // Not the `join` of a string.
            ("join", None | Some(Expr::Name(_) | Expr::Attribute(_))) => {
                let (first, rest) = arguments.split_first()?;
                let first = self.folder(first, level)?;
                self.joined(first, rest, level)
            }
            ("Path" | "PosixPath" | "PurePath" | "PurePosixPath", _) => match arguments.split_first() {
                None => Some(Folder(".".to_owned())),
                Some((first, rest)) => {
                    let first = self.folder(first, level)?;
                    self.joined(first, rest, level)
                }
            },
            _ => None,
        }
    }

    fn joined(&mut self, first: Folder, rest: &[Expr], level: u32) -> Option<Folder> {
        if rest.len() > 50 {
            return None;
        }
        rest.iter().try_fold(first, |folder, part| Some(folder.join(&self.folder(part, level)?)))
    }
}
