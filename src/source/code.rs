//! The codes of all findings. A code keeps its meaning for ever; one that is given up is not used again.

use super::Severity;

/// How much findings of a kind weigh where nobody has configured anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not looked at.
    Off,
    /// Reported.
    Warning,
    /// Reported, and `check` ends with 1.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $name:literal, $severity:ident;)*) => {
        /// A kind of finding, with a stable id (`J003`) and name (`unknown-key`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All codes, by id.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// `J001` and so on.
            pub fn id(self) -> &'static str {
                match self { $(Code::$variant => $id,)* }
            }

            /// A name that says what is meant, such as `unknown-key`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// What findings of this kind weigh unless the bundle says otherwise.
            pub fn level(self) -> Level {
                match self { $(Code::$variant => Level::$severity,)* }
            }

            /// Whether findings of this kind refuse a bundle.
            pub fn severity(self) -> Severity {
                match self.level() {
                    Level::Error => Severity::Error,
                    Level::Warning | Level::Off => Severity::Warning,
                }
            }

            /// The code with this id (`J003`, in either case) or name (`unknown-key`).
            pub fn find(text: &str) -> Option<Code> {
                let is_it = |code: &&Code| code.id().eq_ignore_ascii_case(text) || code.name() == text;
                Code::ALL.iter().find(is_it).copied()
            }
        }
    };
}

codes! {
    /// The file is not YAML.
    YamlSyntax = "J001", "yaml-syntax", Error;
    /// A key stands twice in one mapping.
    DuplicateKey = "J002", "duplicate-key", Error;
    /// A key that means nothing there.
    UnknownKey = "J003", "unknown-key", Error;
    /// A key that must be there is not.
    MissingKey = "J004", "missing-key", Error;
    /// A value of the wrong kind: a list where a text is wanted.
    WrongType = "J005", "wrong-type", Error;
    /// A text that is none of those allowed.
    UnknownValue = "J006", "unknown-value", Error;
    /// Anchors, aliases, tags and merge keys are not part of the language.
    ForbiddenYaml = "J007", "forbidden-yaml", Error;
    /// The file is larger than a file of its kind may be.
    FileTooLarge = "J008", "file-too-large", Error;
    /// The file could not be read, or is not UTF-8.
    UnreadableFile = "J009", "unreadable-file", Error;
    /// Lists in lists in lists, deeper than anyone writes by hand.
    TooDeep = "J010", "too-deep", Error;
    /// Not a date of the calendar.
    InvalidDate = "J011", "invalid-date", Error;
    /// A line that is not a JSON object of the expected form.
    InvalidJsonLine = "J012", "invalid-json-line", Error;
    /// Front matter is missing or not closed.
    FrontMatter = "J013", "front-matter", Error;
    /// A folder or file that a bundle must have is missing.
    MissingFile = "J014", "missing-file", Error;
    /// A file in a place where nothing is read.
    UnexpectedFile = "J015", "unexpected-file", Warning;
    /// A file that `fmt` leaves as it is, since no layout of it says the same.
    LayoutKept = "J019", "layout-kept", Warning;
    /// Two things have the same id.
    DuplicateId = "J020", "duplicate-id", Error;
    /// A name that nothing has.
    UnknownReference = "J021", "unknown-reference", Error;
    /// An id with characters that ids do not have.
    InvalidId = "J022", "invalid-id", Error;
    /// A term of which normalisation leaves nothing.
    EmptyTerm = "J023", "empty-term", Error;
    /// A condition that is not one of the known forms.
    MalformedCondition = "J024", "malformed-condition", Error;
    /// A condition with nothing in it that must be there.
    UnboundedCondition = "J025", "unbounded-condition", Error;
    /// Lists or conditions that contain themselves.
    ReferenceCycle = "J026", "reference-cycle", Error;
    /// Not a regular expression, or one that is too large.
    InvalidRegex = "J027", "invalid-regex", Error;
    /// A regular expression without a literal that it requires: it runs on every sentence.
    RegexWithoutLiteral = "J028", "regex-without-literal", Warning;
    /// A limit of the engine: too many scenarios, too long a term.
    LimitExceeded = "J029", "limit-exceeded", Error;
    /// A `match` example on which its scenario does not fire.
    ExampleDoesNotFire = "J030", "example-does-not-fire", Error;
    /// A `match` example on which another scenario leads.
    ExampleDoesNotLead = "J031", "example-does-not-lead", Error;
    /// A `no_match` example on which its scenario fires.
    ExampleFires = "J032", "example-fires", Error;
    /// A deadline that cannot be read.
    InvalidDeadline = "J033", "invalid-deadline", Error;
    /// A template that is not one.
    TemplateSyntax = "J040", "template-syntax", Error;
    /// A placeholder that nothing fills.
    UnknownPlaceholder = "J041", "unknown-placeholder", Error;
    /// A slot that says how it reads when empty (`else`), and is never used in the reply.
    UnusedSlot = "J042", "unused-slot", Warning;
    /// A template that fails, or does not end, when it is filled.
    TemplateFails = "J043", "template-fails", Error;
    /// A scenario for which no department is responsible in some region or at some time.
    NobodyResponsible = "J050", "nobody-responsible", Error;
    /// Two responsibility rows of the same standing name different lead departments.
    ConflictingResponsibility = "J051", "conflicting-responsibility", Error;
    /// The calendar does not cover the date.
    CalendarEnds = "J052", "calendar-ends", Warning;
    /// A calendar that contradicts itself.
    InvalidCalendar = "J053", "invalid-calendar", Error;
    /// A tree of departments or regions that is none.
    InvalidTree = "J054", "invalid-tree", Error;
    /// A validity that ends before it begins.
    InvalidPeriod = "J055", "invalid-period", Error;
    /// Two things have the same name or alias.
    DuplicateName = "J056", "duplicate-name", Error;
    /// Several units of one department serve the same region, and nothing says which is meant.
    AmbiguousUnit = "J057", "ambiguous-unit", Warning;
    /// An article whose validity is over.
    ExpiredArticle = "J060", "expired-article", Warning;
    /// An article, a responsibility row or a calendar without what it is based on.
    MissingBasis = "J061", "missing-basis", Error;
    /// An article, notice or case with nothing in it.
    EmptyContent = "J062", "empty-content", Error;
    /// A notice that is over and can be removed.
    ExpiredNotice = "J063", "expired-notice", Warning;
    /// An article that is soon over.
    ExpiringArticle = "J064", "expiring-article", Warning;
    /// An article that nobody has held against its basis.
    UnreviewedArticle = "J065", "unreviewed-article", Warning;
    /// An article that was last held against its basis more than a year ago.
    ReviewOverdue = "J066", "review-overdue", Warning;
    /// An article that no scenario names and that names none.
    UnreferencedArticle = "J067", "unreferenced-article", Warning;
    /// An article without known ways to ask for it.
    ArticleWithoutQuestions = "J068", "article-without-questions", Warning;
    /// Two articles with nearly the same text.
    NearDuplicateArticles = "J069", "near-duplicate-articles", Warning;
    /// A term that has another of the same list in it: wherever it is found, that is found too.
    CoveredTerm = "J070", "covered-term", Off;
    /// The same term twice in one list.
    DuplicateTerm = "J071", "duplicate-term", Warning;
    /// A term of one character that fires a scenario by itself.
    SingleCharacterTerm = "J072", "single-character-term", Warning;
    /// Full-width letters and digits, or half-width punctuation between Chinese characters.
    MixedWidth = "J073", "mixed-width", Warning;
    /// Traditional characters in what agents and citizens read.
    TraditionalCharacters = "J074", "traditional-characters", Warning;
    /// A list of terms or a shared condition that nothing uses.
    UnusedDefinition = "J075", "unused-definition", Warning;
    /// A `whole_word` term that the segmenter cuts, or joins to its neighbours, in the scenario's own sentences.
    TermCutBySegmenter = "J076", "term-cut-by-segmenter", Warning;
    /// A hint that the condition of the same scenario looks for already.
    HintIsTerm = "J077", "hint-is-term", Warning;
    /// A line of the dictionary that has no effect.
    IgnoredDictionaryWord = "J078", "ignored-dictionary-word", Warning;
    /// A regular expression that says no more than terms would.
    RegexIsTerm = "J080", "regex-is-term", Warning;
    /// A part of a condition that no text can satisfy.
    NeverHolds = "J081", "never-holds", Warning;
    /// A condition that holds on texts in which nothing is said.
    AlwaysHolds = "J082", "always-holds", Warning;
    /// A member of `any` that `none` always takes away again.
    NoneCancelsAny = "J083", "none-cancels-any", Warning;
    /// A part of a condition that another part of the same list makes useless.
    ImpliedClause = "J084", "implied-clause", Warning;
    /// Two scenarios with the same condition, or with the same terms.
    NearDuplicateScenarios = "J086", "near-duplicate-scenarios", Warning;
    /// A scenario without a single example that must fire it.
    NoExamples = "J090", "no-examples", Warning;
    /// A scenario with fewer than three examples that fire it, or none that must not.
    FewExamples = "J091", "few-examples", Warning;
    /// An example that is hardly more than the terms it fires on.
    BareExample = "J092", "bare-example", Warning;
    /// Two examples of one scenario that say nearly the same.
    NearCopyExamples = "J093", "near-copy-examples", Warning;
    /// Examples of two scenarios that are nearly the same sentence.
    SharedExample = "J094", "shared-example", Warning;
    /// A reply that does not say who handles the matter.
    ReplyWithoutDepartment = "J095", "reply-without-department", Warning;
    /// A reply that does not say by when, though there is a deadline.
    ReplyWithoutDeadline = "J096", "reply-without-deadline", Warning;
    /// A deadline without what it is based on.
    DeadlineWithoutBasis = "J097", "deadline-without-basis", Warning;
    /// A file whose path does not say the id in it.
    MisplacedFile = "J098", "misplaced-file", Warning;
    /// A category whose first level nothing else uses.
    LonelyCategory = "J099", "lonely-category", Warning;
    /// A number that identifies a person, in an example, a case or an article.
    PersonalData = "J100", "personal-data", Warning;
    /// A department that no row of the dispatch list leads to.
    UnusedDepartment = "J101", "unused-department", Warning;
    /// A row of the dispatch list that never applies.
    ShadowedRow = "J102", "shadowed-row", Warning;
    /// A row of the dispatch list whose time is over.
    RowOver = "J103", "row-over", Warning;
    /// The calendar soon ends.
    CalendarEndsSoon = "J104", "calendar-ends-soon", Warning;
    /// A notice that is never shown: it has neither a place nor words.
    UnseenNotice = "J105", "unseen-notice", Warning;
    /// A scenario without a deadline.
    NoDeadline = "J106", "no-deadline", Warning;
    /// A reply with a gap where an empty slot says nothing.
    ReplyGap = "J107", "reply-gap", Warning;
    /// Two scenarios with the same title.
    SameTitle = "J108", "same-title", Warning;
    /// A case labelled with a scenario that there is not.
    UnknownCaseLabel = "J109", "unknown-case-label", Warning;
    /// A comment that allows a finding which is not there.
    UnusedAllowance = "J110", "unused-allowance", Warning;
    /// A comment that allows a finding and does not say why.
    AllowanceWithoutReason = "J111", "allowance-without-reason", Warning;
    /// A department's webhook that is no address to which messages can be sent encrypted.
    WebhookNotHttps = "J112", "webhook-not-https", Warning;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_in_order() {
        let ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ids.len());
    }
}
