//! As much of the shell's language as a `Dockerfile` needs: the words of a line, the commands in it, and the
//! variables that it reads. What is more than that is not understood, and said so.

use spacelint_python::Span;

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without quotes.
    pub text: String,
    /// Where it stands, quotes included; a word in brackets without its quotes.
    pub span: Span,
    /// Whether it is what it says: no variable, command or pattern stands in it.
    pub is_settled: bool,
}

/// A place at which a variable is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Its name.
    pub name: String,
    /// Where it stands, `$` included.
    pub span: Span,
    /// Whether the line says what to do without it, asks whether it is there, or may give it a value.
    pub is_guarded: bool,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    /// `&&`, `;`, `|`, `>`, a line's end …
    Operator(String),
}

/// The commands of a line, one after the other; none where they are not simply that.
pub(super) fn commands(text: &str, span: Span) -> Option<Vec<Vec<Word>>> {
    let mut commands = vec![Vec::new()];
    let mut tokens = tokens(text, span)?.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => commands.last_mut()?.push(word),
            Token::Operator(operator) => match &*operator {
                "&&" | ";" | "\n" => commands.push(Vec::new()),
                // What is written to a file is said on no other command.
                ">" | ">>" | "<" | ">&" => {
                    if let Some(last) = commands.last_mut()?.last()
                        && last.text.bytes().all(|byte| byte.is_ascii_digit())
                    {
                        commands.last_mut()?.pop();
                    }
                    let Some(Token::Word(_)) = tokens.next() else { return None };
                }
                _ => return None,
            },
        }
    }
    commands.retain(|command| !command.is_empty());
    let is_plain = |word: &&Vec<Word>| !COMPOUND.contains(&&*word[0].text);
    commands.iter().all(|command| is_plain(&command)).then_some(commands)
}

/// Words that begin what is more than a command.
const COMPOUND: &[&str] = &[
    "!", "[[", "case", "do", "else", "fi", "for", "function", "if", "then", "until", "while", "{",
];

/// The words of `text`, which is no shell's line, but has words and quotes as one.
pub(super) fn words(text: &str) -> Vec<Word> {
    let tokens = tokens(text, Span::new(0, text.len())).unwrap_or_default();
    let word = |token| match token {
        Token::Word(word) => Some(word),
        Token::Operator(_) => None,
    };
    tokens.into_iter().filter_map(word).collect()
}

/// A line as words and operators; none where a quote or a parenthesis makes more of it.
fn tokens(text: &str, span: Span) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut word: Option<Word> = None;
    let mut rest = Chars::new(text, span);
    while let Some((at, c)) = rest.next() {
        let is_start = word.is_none();
        let open = |word: &mut Option<Word>| {
            word.get_or_insert_with(|| Word {
                text: String::new(),
                span: Span::empty(at),
                is_settled: true,
            });
        };
        match c {
            '\\' => match rest.next() {
                Some((_, '\r')) if rest.peek() == Some('\n') => {
                    rest.next();
                }
                Some((_, '\n')) | None => {}
                Some((_, escaped)) => {
                    open(&mut word);
                    word.as_mut()?.text.push(escaped);
                }
            },
            ' ' | '\t' | '\r' => tokens.extend(word.take().map(Token::Word)),
            '#' if is_start => {
                rest.skip_line();
                // Docker takes a line that is all comment out, so that a command goes on behind it.
                if text[..at].trim_end_matches([' ', '\t']).ends_with('\n') {
                    rest.next();
                }
            }
            '\n' => {
                tokens.extend(word.take().map(Token::Word));
                tokens.push(Token::Operator("\n".to_owned()));
            }
            ';' | '&' | '|' | '<' | '>' => {
                tokens.extend(word.take().map(Token::Word));
                let mut operator = String::from(c);
                while let Some(next @ ('&' | '|' | '<' | '>' | ';')) = rest.peek() {
                    operator.push(next);
                    rest.next();
                }
                tokens.push(Token::Operator(operator));
                continue;
            }
            '(' | ')' | '`' => return None,
            '\'' | '"' => {
                open(&mut word);
                let word = word.as_mut()?;
                loop {
                    let (_, inner) = rest.next()?;
                    match inner {
                        inner if inner == c => break,
                        '\\' if c == '"' => {
                            let (_, escaped) = rest.next()?;
                            if !matches!(escaped, '"' | '\\' | '$' | '`' | '\n') {
                                word.text.push('\\');
                            }
                            if escaped != '\n' {
                                word.text.push(escaped);
                            }
                        }
                        inner => {
                            word.is_settled &= c == '\'' || !matches!(inner, '$' | '`');
                            word.text.push(inner);
                        }
                    }
                }
            }
            c => {
                open(&mut word);
                let word = word.as_mut()?;
                if c == '$' && rest.peek() == Some('(') {
                    return None;
                }
                word.is_settled &= !matches!(c, '$' | '*' | '?' | '~' | '{');
                word.text.push(c);
            }
        }
        if let Some(word) = &mut word {
            word.span.end = rest.at() as u32;
        }
    }
    tokens.extend(word.take().map(Token::Word));
    Some(tokens)
}

/// Every variable that a line reads.
pub(super) fn expansions(text: &str, span: Span) -> Vec<Expansion> {
    let mut found = Vec::new();
    let mut rest = Chars::new(text, span);
    let mut is_double = false;
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            '"' => is_double = !is_double,
            '\'' if !is_double => while rest.next().is_some_and(|(_, c)| c != '\'') {},
            '#' if !is_double && is_line_start(text, at) => rest.skip_line(),
            '$' => {
                let is_braced = rest.peek() == Some('{');
                if is_braced {
                    rest.next();
                }
                let start = rest.at();
                while rest.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    rest.next();
                }
                let name = &text[start..rest.at()];
                if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                    continue;
                }
                let is_closed = rest.peek() == Some('}');
                if is_braced && is_closed {
                    rest.next();
                }
                found.push(Expansion {
                    name: name.to_owned(),
                    span: Span::new(at, rest.at()),
                    is_guarded: (is_braced && !is_closed) || is_asked(text, span, at),
                });
            }
            _ => {}
        }
    }
    found
}

/// Whether `text` has the word `name` where it does not read the variable of that name.
pub(super) fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(|c| is_part(c) || matches!(c, '$' | '{')) && !after.is_some_and(is_part)
    })
}

/// Whether the line asks, rather than uses: `[ -n "$X" ]`, `test -z $X`, `if`, `case`.
fn is_asked(text: &str, span: Span, at: usize) -> bool {
    let before = &text[span.start as usize..at];
    let command = before.rsplit([';', '&', '|', '\n']).next().unwrap_or_default();
    command
        .split_whitespace()
        .any(|word| matches!(word, "[" | "[[" | "test" | "if" | "case" | "elif"))
}

fn is_line_start(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(char::is_whitespace)
}

/// The characters of a part of a text, with their places.
struct Chars<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Chars<'a> {
    fn new(text: &'a str, span: Span) -> Self {
        Self { text, at: span.start as usize, end: span.end as usize }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    fn next(&mut self) -> Option<(usize, char)> {
        let c = self.peek()?;
        let at = self.at;
        self.at += c.len_utf8();
        Some((at, c))
    }

    /// Where the next one stands.
    fn at(&self) -> usize {
        self.at
    }

    /// Up to the end of the line, which stays.
    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }
}
