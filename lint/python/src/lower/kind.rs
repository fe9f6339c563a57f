//! What the grammar calls its nodes, as an enum. Node kinds are looked up by number, and the table
//! from number to kind is made once from the grammar's own names, so that no number is written here.

use std::sync::LazyLock;

use tree_sitter::Node;

macro_rules! kinds {
    ($($set:ident { $($variant:ident $text:literal)* })*) => {
        /// A node kind that the walk tells apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Kind { $($($variant,)*)* }

        $(fn $set(text: &str) -> Option<Kind> {
            match text { $($text => Some(Kind::$variant),)* _ => None }
        })*
    };
}

kinds! {
    error { Error "ERROR" }
    named {
        Module "module"
        Block "block"
        Comment "comment"
        LineContinuation "line_continuation"
        ImportStatement "import_statement"
        FutureImportStatement "future_import_statement"
        ImportFromStatement "import_from_statement"
        ImportPrefix "import_prefix"
        RelativeImport "relative_import"
        AliasedImport "aliased_import"
        WildcardImport "wildcard_import"
        DottedName "dotted_name"
        PrintStatement "print_statement"
        ExecStatement "exec_statement"
        Chevron "chevron"
        AssertStatement "assert_statement"
        ExpressionStatement "expression_statement"
        ReturnStatement "return_statement"
        DeleteStatement "delete_statement"
        RaiseStatement "raise_statement"
        PassStatement "pass_statement"
        BreakStatement "break_statement"
        ContinueStatement "continue_statement"
        GlobalStatement "global_statement"
        NonlocalStatement "nonlocal_statement"
        TypeAliasStatement "type_alias_statement"
        IfStatement "if_statement"
        ElifClause "elif_clause"
        ElseClause "else_clause"
        MatchStatement "match_statement"
        CaseClause "case_clause"
        CasePattern "case_pattern"
        ForStatement "for_statement"
        WhileStatement "while_statement"
        TryStatement "try_statement"
        ExceptClause "except_clause"
        FinallyClause "finally_clause"
        WithStatement "with_statement"
        WithClause "with_clause"
        WithItem "with_item"
        FunctionDefinition "function_definition"
        ClassDefinition "class_definition"
        DecoratedDefinition "decorated_definition"
        Decorator "decorator"
        Parameters "parameters"
        LambdaParameters "lambda_parameters"
        TypedParameter "typed_parameter"
        DefaultParameter "default_parameter"
        TypedDefaultParameter "typed_default_parameter"
        KeywordSeparator "keyword_separator"
        PositionalSeparator "positional_separator"
        TypeParameter "type_parameter"
        Type "type"
        SplatType "splat_type"
        GenericType "generic_type"
        UnionType "union_type"
        ConstrainedType "constrained_type"
        MemberType "member_type"
        Assignment "assignment"
        AugmentedAssignment "augmented_assignment"
        ExpressionList "expression_list"
        PatternList "pattern_list"
        TuplePattern "tuple_pattern"
        ListPattern "list_pattern"
        ListSplatPattern "list_splat_pattern"
        DictionarySplatPattern "dictionary_splat_pattern"
        ListSplat "list_splat"
        DictionarySplat "dictionary_splat"
        AsPattern "as_pattern"
        AsPatternTarget "as_pattern_target"
        UnionPattern "union_pattern"
        DictPattern "dict_pattern"
        KeywordPattern "keyword_pattern"
        SplatPattern "splat_pattern"
        ClassPattern "class_pattern"
        ComplexPattern "complex_pattern"
        ParenthesizedExpression "parenthesized_expression"
        Identifier "identifier"
        Integer "integer"
        Float "float"
        True "true"
        False "false"
        None "none"
        Ellipsis "ellipsis"
        String "string"
        StringStart "string_start"
        StringEnd "string_end"
        ConcatenatedString "concatenated_string"
        Interpolation "interpolation"
        FormatExpression "format_expression"
        FormatSpecifier "format_specifier"
        TypeConversion "type_conversion"
        Attribute "attribute"
        Subscript "subscript"
        Slice "slice"
        Call "call"
        ArgumentList "argument_list"
        KeywordArgument "keyword_argument"
        NotOperator "not_operator"
        BooleanOperator "boolean_operator"
        BinaryOperator "binary_operator"
        UnaryOperator "unary_operator"
        ComparisonOperator "comparison_operator"
        Lambda "lambda"
        ConditionalExpression "conditional_expression"
        NamedExpression "named_expression"
        Await "await"
        Yield "yield"
        List "list"
        Set "set"
        Tuple "tuple"
        Dictionary "dictionary"
        Pair "pair"
        ListComprehension "list_comprehension"
        SetComprehension "set_comprehension"
        DictionaryComprehension "dictionary_comprehension"
        GeneratorExpression "generator_expression"
        ForInClause "for_in_clause"
        IfClause "if_clause"
        OtherNode ""
    }
    token {
        OtherToken ""
        Comma ","
        Close ")"
        CloseBracket "]"
        CloseBrace "}"
        Dot "."
        Colon ":"
        Underscore "_"
        From "from"
        AsyncKeyword "async"
        And "and"
        Or "or"
        NotKeyword "not"
        In "in"
        NotIn "not in"
        Is "is"
        IsNot "is not"
        Plus "+"
        Minus "-"
        Star "*"
        DoubleStar "**"
        Slash "/"
        DoubleSlash "//"
        Percent "%"
        Pipe "|"
        Ampersand "&"
        Caret "^"
        LeftShift "<<"
        RightShift ">>"
        At "@"
        Tilde "~"
        Equal "="
        PlusEqual "+="
        MinusEqual "-="
        StarEqual "*="
        DoubleStarEqual "**="
        SlashEqual "/="
        DoubleSlashEqual "//="
        PercentEqual "%="
        PipeEqual "|="
        AmpersandEqual "&="
        CaretEqual "^="
        LeftShiftEqual "<<="
        RightShiftEqual ">>="
        AtEqual "@="
        Less "<"
        LessEqual "<="
        EqualEqual "=="
        NotEqual "!="
        LessGreater "<>"
        GreaterEqual ">="
        Greater ">"
    }
}

impl Kind {
    /// The kind of `node`.
    #[inline]
    pub(super) fn of(node: Node<'_>) -> Self {
        // An error node's number lies outside the grammar's table.
        KINDS.get(usize::from(node.kind_id())).copied().unwrap_or(Self::Error)
    }

    /// Whether this is punctuation or a keyword rather than a node of its own.
    #[inline]
    pub(super) fn is_token(self) -> bool {
        self >= Self::OtherToken
    }
}

static KINDS: LazyLock<Box<[Kind]>> = LazyLock::new(|| {
    let language = tree_sitter::Language::new(tree_sitter_python::LANGUAGE);
    let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
    let kind = |id| {
        let text = language.node_kind_for_id(id).unwrap_or_default();
        if language.node_kind_is_named(id) {
            error(text).or_else(|| named(text)).unwrap_or(Kind::OtherNode)
        } else {
            token(text).unwrap_or(Kind::OtherToken)
        }
    };
    (0..count).map(kind).collect()
});
