//! Help in the language of the user. The English texts stand with the arguments; the Chinese ones stand here, and a
//! test holds them complete.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{ArgAction, Command};

use crate::source::Lang;

/// Help of commands and arguments in Chinese: `match`, `match.text`; common arguments by their name alone.
const CHINESE: &[(&str, &str)] = &[
    ("", "诉求智能分派：输入诉求文本，给出场景、承办单位和答复"),
    ("bundle", "规则包所在目录（其下有 rules/ 和 knowledge/；默认当前目录）"),
    ("lang", "提示语言：zh 或 en（默认随系统语言，否则为 zh）"),
    ("json", "输出 JSON，供程序读取"),
    ("cache", "大型索引的缓存目录（默认 $XDG_CACHE_HOME/jiesu 或 ~/.cache/jiesu）"),
    ("at", "按哪个时间判定，例如 2026-11-22 或 2026-11-22T10:00（默认现在）"),
    ("help", "显示帮助"),
    ("version", "显示版本"),
    ("match", "判定一条诉求：场景、承办单位、时限、答复及依据"),
    ("match.text", "诉求内容；写 - 则从标准输入读取"),
    ("match.file", "从文件读取诉求"),
    ("match.cases", "逐行判定一个 JSON Lines 文件，每行输出一个判定"),
    ("match.title", "诉求标题"),
    ("match.channel", "来源渠道，例如 phone、web"),
    ("match.district", "事发属地：区县或街道，名称或编号"),
    ("match.rules_only", "只用规则，不用任何学习得来的内容"),
    ("search", "检索政策知识、公告和案例"),
    ("search.query", "检索内容"),
    ("search.kind", "只看某类：article、notice 或 case（可重复）"),
    ("search.region", "只看在该属地有效的内容，名称或编号"),
    ("search.department", "只看与该承办单位有关的内容，名称或编号"),
    ("search.scenario", "只看与该场景有关的内容，编号"),
    ("search.limit", "每类最多几条"),
    ("check", "检查规则和知识：逐条列出问题及其文件、行、列"),
    ("check.deny_warnings", "警告也算错误"),
    ("check.files", "只看这些文件或目录里的问题（默认全部）"),
    ("check.fix", "自动修改可以放心改的问题，注释和排版不动"),
    ("check.why", "解释一项检查：写编号或名称，例如 J072"),
    ("check.format", "输出格式：text、json、sarif（2.1.0）、junit 或 github（注解）"),
    ("impact", "改动上线之前，先看它让哪些历史诉求的结果发生变化"),
    ("impact.old", "改动前：git 版本（HEAD、main~2、版本:目录）或目录（old/）"),
    ("impact.new", "改动后（默认磁盘上现在的规则包）"),
    ("impact.cases", "要在两个版本下各判定一遍的案例，JSON Lines（可写多个）"),
    ("impact.markdown", "把报告写成 Markdown，贴在合并请求里"),
    ("impact.html", "把报告写成一个 HTML 文件"),
    ("impact.fail_if", "符合这个条件时以退出码 1 结束，例如 'worse > 5'、'changed >= 2%'"),
    ("collisions", "找出互相打架的场景，用真实诉求作证"),
    ("collisions.cases", "用来作证的案例，JSON Lines（可写多个）"),
    ("collisions.limit", "每类最多列出几对"),
    ("tickets", "工单：退单教给规则什么、重新统计、推送给其他系统的消息"),
    ("tickets.learn", "把每一次成立的退单写成一条测试草稿，供编辑采用"),
    (
        "tickets.learn.output",
        "写成什么：tests 测试、cases 案例、rows 派单目录（只有争议裁定）、rules 各规则的建议被采纳、更改、退单的件数",
    ),
    ("tickets.learn.days", "只看最近多少天的退单"),
    ("tickets.learn.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("tickets.learn.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("tickets.learn.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("tickets.recount", "按工单经过重新统计，改正不一致的数；服务运行时不要用"),
    ("tickets.recount.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("tickets.recount.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("tickets.recount.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("tickets.import", "把其他系统的诉求导入为工单；同一行不论导入几次，只立一张工单"),
    ("tickets.import.files", "CSV、Excel（.xlsx、.xls、.ods）或 JSON Lines 文件，一行一件诉求"),
    ("tickets.import.mapping", "列的对应关系；没有这个文件就写一份（默认在第一个文件旁，.tickets.mapping.yaml）"),
    ("tickets.import.sheet", "Excel 的哪个工作表（默认第一个）"),
    ("tickets.import.encoding", "文本文件的编码：auto、utf-8、gb18030、utf-16le、big5 等"),
    ("tickets.import.channel", "没有写渠道的行算什么渠道，例如 web"),
    ("tickets.import.dry_run", "只看结果，不立工单，不写任何文件"),
    ("tickets.import.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("tickets.import.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("tickets.import.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("stats", "各场景、各条件命中多少、判对多少、耗时多少"),
    ("stats.cases", "统计用的案例，JSON Lines（可写多个；默认规则包自带的案例）"),
    ("stats.scenario", "只看一个场景，细到每个条件和词"),
    ("stats.csv", "输出 CSV，可用表格软件打开"),
    ("stats.limit", "每张表最多几行"),
    (" bundle", "规则包在 git 里的历史，以及两个版本的差别"),
    ("bundle.log", "改动过规则包的提交，新的在前"),
    ("bundle.log.revision", "到哪个版本为止（默认 HEAD；规则包在子目录时写 版本:目录）"),
    ("bundle.log.limit", "最多列几个"),
    ("bundle.diff", "两个版本有什么不同：场景、词、承办单位、派单目录、知识"),
    ("bundle.diff.old", "前一个版本：git 版本（HEAD、main~2、版本:目录）或目录（old/）"),
    ("bundle.diff.new", "后一个版本（默认磁盘上现在的规则包）"),
    ("explain", "说明一条诉求为什么这样判定：逐条看条件，以及改哪些字会换场景"),
    ("explain.text", "诉求内容；写 - 则从标准输入读取"),
    ("explain.title", "诉求标题"),
    ("explain.district", "事发属地：区县或街道，名称或编号"),
    ("explain.why_not", "这个场景（编号）为什么没有领先：还缺什么、被什么排除、输给了谁"),
    ("explain.learned", "连同历史案例教的一起说明排序（默认只看规则）"),
    ("test", "运行场景里的例句和 rules/tests 里的测试"),
    ("test.files", "只运行这些文件里的例句或测试（默认全部）"),
    ("test.coverage", "列出没有被测到的条件、词、答复分支和派单目录条目"),
    ("test.fail_under", "条件覆盖率低于这个百分数算失败（同时打开 --coverage）"),
    ("test.junit", "把结果写成 JUnit XML 文件"),
    ("test.watch", "规则或测试一保存就重新运行，Ctrl-C 结束"),
    ("fmt", "把规则和知识整理成统一的版式：注释保留，内容不变"),
    ("fmt.paths", "只整理这些文件或目录（默认整个规则包）"),
    ("fmt.check", "只检查、不改文件：列出会改的文件和改动，有则退出码为 1"),
    ("schema", "生成各类文件的 JSON Schema，编辑器据此补全和检查 YAML"),
    ("schema.kind", "只要某一类文件的，例如 scenario；不写则列出全部"),
    ("schema.write", "写到这个目录，每类一个文件，并给出编辑器设置"),
    ("suggest", "从带标签的案例里找出可以加进规则的词和条件，供编辑取舍；不会改规则"),
    ("suggest.cases", "带标签的案例，JSON Lines（可重复）"),
    ("suggest.scenario", "只看这一个场景"),
    ("suggest.new", "为没有规则命中的案例拟新场景"),
    ("import", "导入历史工单：CSV、Excel 或 JSON Lines，遮盖个人信息后写成案例"),
    ("import.files", "CSV、Excel（.xlsx、.xls、.ods）或 JSON Lines 文件，一行一件工单"),
    ("import.to", "写到哪个案例文件（默认规则包的 knowledge/cases/文件名.jsonl）"),
    ("import.mapping", "列的对应关系；没有这个文件就写一份（默认在案例文件旁，.文件名.mapping.yaml）"),
    ("import.sheet", "Excel 的哪个工作表（默认第一个）"),
    ("import.encoding", "文本文件的编码：auto、utf-8、gb18030、utf-16le、big5 等"),
    ("import.replace", "案例文件已存在时替换它"),
    ("import.append", "往已有的案例文件里加，编号已有的略去"),
    ("import.drop_near_copies", "略去内容与前面几乎相同的行"),
    ("import.rejects", "把略去的行列在一个 CSV 文件里"),
    ("import.dry_run", "只看结果，不写任何文件"),
    ("eval", "用有标准答案的数据衡量效果"),
    ("eval.routing", "场景、分类、承办单位或具体单位判对的比例，以及把握有多准"),
    ("eval.routing.cases", "供学习的案例，JSON Lines（可重复）"),
    ("eval.routing.queries", "要判定并与标签核对的案例（可重复）"),
    ("eval.routing.split", "这一天起受理的案例用来核对，之前的用来学习"),
    ("eval.routing.label", "要判定的标签：scenario、category、department 或 unit"),
    ("eval.routing.target", "自动派单要达到的准确率（可重复）"),
    ("eval.routing.noise", "在多大比例的字上加入听错、打错"),
    ("eval.routing.seed", "错误按哪个种子产生"),
    ("eval.routing.prefix", "另测每条诉求的前一部分，例如 0.25,0.5,0.75"),
    ("eval.routing.html", "把报告写成一个 HTML 文件"),
    ("eval.answers", "正确的知识条目排在首位的比例"),
    ("eval.answers.articles", "知识条目文件，JSON Lines：{\"id\", \"title\"?, \"text\"}"),
    ("eval.answers.queries", "要问的问题，JSON Lines：{\"id\", \"text\", \"title\"?, \"answers\": [条目 id]}"),
    ("eval.answers.known", "答案已知的问题，格式同上"),
    ("eval.answers.folds", "按 id 把问题分成几份，问每一份时其余各份为已知"),
    ("eval.intake", "要问几个问题，正确的场景才会排在首位"),
    ("eval.intake.cases", "带场景标签的案例，JSON Lines（可重复）；不写则用规则包自己的案例"),
    ("serve", "启动服务，规则改动后自动热加载"),
    ("serve.listen", "监听地址"),
    ("serve.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("serve.data", "保存运行数据的目录（工单、附件、上一个可用的规则包）"),
    ("serve.database", "工单存在哪里：文件，或 postgres://…（默认 --data 目录里的 tickets.db）"),
    ("serve.print_config", "显示实际生效的全部设置（不含口令），不启动服务"),
    ("serve.git", "用 git 仓库里的某个版本提供服务：分支每两秒看一次有无新提交，提交号则固定不变"),
    ("serve.repo", "--git 的仓库，或仓库里规则包所在的目录（默认规则包目录；不写 --git 时用 HEAD）"),
    ("serve.decision_log", "把每次判定记成日志，个人信息先遮盖（不写目录时记在 --data 下的 decisions/）"),
    ("serve.decision_log_mb", "判定日志一个文件写到多少兆字节换新文件"),
    ("serve.decision_log_hours", "判定日志一个文件写满多少小时换新文件"),
    ("serve.decision_log_keep", "判定日志最多留几个文件，多了先删最旧的"),
    ("replay", "把日志里的诉求重新判定一遍：按当时的版本核对，或换一个版本看差别"),
    ("replay.logs", "判定日志文件，或放日志的目录（默认 --data 下的 decisions/）"),
    ("replay.data", "jiesu serve --data 的目录：每条按当时的规则包版本重放"),
    (
        "replay.revision",
        "改按这一个版本判定：--data 里保存的版本号、git 版本（HEAD~1）或目录（old/）；只写 --bundle 则按那里的规则包",
    ),
    ("replay.id", "只看这一条判定（编号）"),
    ("replay.worst", "列出几条结果不同的判定，最要紧的在前"),
    ("replay.strict", "只要有不同就以退出码 1 结束，换了规则包或引擎版本也算"),
    ("keys", "密钥：谁可以使用服务、能做什么"),
    ("keys.add", "生成一个密钥，只显示这一次"),
    ("keys.add.name", "给谁用：人名或系统名，工单经过里显示这个名称"),
    ("keys.add.scope", "权限（可重复）：submit、agent、dispatcher、department:编号、editor、admin、metrics"),
    ("keys.add.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("keys.add.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("keys.add.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("keys.list", "列出密钥：谁的、能做什么、最近何时用过"),
    ("keys.list.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("keys.list.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("keys.list.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("keys.revoke", "吊销一个密钥，运行中的服务两秒内不再接受"),
    ("keys.revoke.name", "吊销谁的"),
    ("keys.revoke.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("keys.revoke.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("keys.revoke.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("backup", "备份工单和附件，服务照常运行"),
    ("backup.to", "备份成这个目录，必须还不存在"),
    ("backup.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("backup.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("backup.database", "数据库文件，与 jiesu serve 相同"),
    ("restore", "从备份恢复，须先停服务"),
    ("restore.from", "jiesu backup 生成的目录"),
    ("restore.force", "已有数据时也恢复；原来的移到一边，不删除"),
    ("restore.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("restore.data", "恢复到哪个数据目录"),
    ("restore.database", "恢复成哪个数据库文件（默认 --data 目录里的 tickets.db）"),
    ("tickets.outbox", "列出等待推送的消息；已放弃的可以查看和重发"),
    ("tickets.outbox.config", "设置文件（默认当前目录的 jiesu.toml，没有则不用）"),
    ("tickets.outbox.data", "保存运行数据的目录，与 jiesu serve 相同"),
    ("tickets.outbox.database", "数据库：文件，或 postgres://…，与 jiesu serve 相同"),
    ("tickets.outbox.dead", "列出已放弃的消息和原因；有则退出码为 1"),
    ("tickets.outbox.replay", "重发这条已放弃的消息，编号不变"),
    ("tickets.outbox.replay_all", "重发所有已放弃的消息"),
    ("lsp", "在编辑器里边写边查：语言服务器，走标准输入输出，由编辑器启动"),
    ("lsp.stdio", "走标准输入输出（本来就是；有些编辑器会带上这个参数）"),
    ("init", "生成一份最小的规则包"),
    ("init.dir", "目录，必须为空或不存在"),
    ("build", "加载规则包并写好缓存"),
    ("read-sheet", "为导入读取一个电子表格"),
    ("read-sheet.format", "表格的格式：xlsx、xls 或 ods"),
    ("read-sheet.sheet", "工作表的名称（默认第一个）"),
    ("read-sheet.file", "表格文件"),
];

/// What stands above and below the help: examples that run on a bundle as `init` writes it.
const EXAMPLES_ZH: &str = "示例：
  jiesu match \"小区门口自来水管爆了，水流到马路上，已经两个小时没人来\"
  echo \"路灯一到晚上就不亮\" | jiesu match - --json
  jiesu match --cases 诉求.jsonl > 判定.jsonl
  jiesu search 公积金提取 --kind article
  jiesu check
  jiesu explain \"路灯一到晚上就不亮\"
  jiesu test --coverage
  jiesu fmt --check
  jiesu schema --write .vscode/jiesu
  jiesu suggest --cases 案例.jsonl > 建议.yaml
  jiesu serve --listen 127.0.0.1:7080 --data 数据 --decision-log
  jiesu replay --data 数据
  jiesu replay --data 数据 --bundle 改过的规则包
  jiesu keys add 坐席一组 --scope agent --data 数据
  jiesu backup 备份-1 --data 数据
  jiesu tickets import 诉求.xlsx --data 数据 --dry-run
  jiesu tickets outbox --data 数据 --dead
  jiesu init 我的规则包";
const EXAMPLES_EN: &str = "Examples:
  jiesu match \"小区门口自来水管爆了，水流到马路上，已经两个小时没人来\"
  echo \"路灯一到晚上就不亮\" | jiesu match - --json
  jiesu match --cases complaints.jsonl > decisions.jsonl
  jiesu search 公积金提取 --kind article
  jiesu check
  jiesu explain \"路灯一到晚上就不亮\"
  jiesu test --coverage
  jiesu fmt --check
  jiesu schema --write .vscode/jiesu
  jiesu suggest --cases cases.jsonl > suggestions.yaml
  jiesu serve --listen 127.0.0.1:7080 --data data --decision-log
  jiesu replay --data data
  jiesu replay --data data --bundle edited-bundle
  jiesu keys add desk-1 --scope agent --data data
  jiesu backup backup-1 --data data
  jiesu tickets import complaints.xlsx --data data --dry-run
  jiesu tickets outbox --data data --dead
  jiesu init my-bundle";

/// The language to speak: `--lang`, else the locale's, else Chinese. Looked at before anything is parsed, as errors of
/// the command line are told in it too.
pub(super) fn language(arguments: impl IntoIterator<Item = OsString>) -> Lang {
    let arguments: Vec<String> = arguments.into_iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let given = arguments.iter().enumerate().find_map(|(index, argument)| match argument.strip_prefix("--lang") {
        Some("") => arguments.get(index + 1).cloned(),
        Some(value) => value.strip_prefix('=').map(str::to_owned),
        None => None,
    });
    match given.as_deref() {
        Some("en") => Lang::En,
        Some(_) => Lang::Zh,
        None => {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            locale.and_then(|locale| Lang::from_locale(&locale)).unwrap_or_default()
        }
    }
}

/// The command line with its help in a language.
pub(super) fn localised(command: Command, lang: Lang) -> Command {
    let command = command.after_help(match lang {
        Lang::Zh => EXAMPLES_ZH,
        Lang::En => EXAMPLES_EN,
    });
    match lang {
        Lang::En => command,
        Lang::Zh => in_chinese(command, ""),
    }
}

fn chinese(key: &str) -> Option<&'static str> {
    CHINESE.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

fn in_chinese(mut command: Command, path: &str) -> Command {
    let template = "{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";
    command = command.help_template(template).disable_help_flag(true).next_help_heading("选项");
    command = command.subcommand_help_heading("命令").subcommand_value_name("命令");
    // A command that is called like an argument of all commands stands with a blank before its name.
    if let Some(about) = chinese(&format!(" {path}")).or_else(|| chinese(path)) {
        command = command.about(StyledStr::from(about));
    }
    // Examples are the same in both languages; what stands above them is not.
    if let Some(examples) = command.get_after_help().map(ToString::to_string).filter(|_| !path.is_empty()) {
        command = command.after_help(examples.replacen("Examples:", "示例：", 1));
    }
    let arguments: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    for id in arguments {
        let key = if path.is_empty() { id.clone() } else { format!("{path}.{id}") };
        let text = chinese(&key).or_else(|| chinese(&id));
        command = command.mut_arg(id, |argument| {
            let heading = if argument.is_positional() { "参数" } else { "选项" };
            let argument = argument.help_heading(heading);
            match text {
                Some(text) => argument.help(text),
                None => argument,
            }
        });
    }
    let help =
        clap::Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助").help_heading("选项");
    command = command.arg(help);
    let names: Vec<String> = command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    for name in names {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        command = command.mut_subcommand(&name, |subcommand| in_chinese(subcommand, &key));
    }
    command
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_command_line_is_sound_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            localised(Cli::command(), lang).debug_assert();
        }
    }

    /// The commands below a command, with all below them, that have no Chinese help, and their arguments.
    fn missing(command: &Command, path: &str, found: &mut Vec<String>) {
        for subcommand in command.get_subcommands() {
            let dot = if path.is_empty() { "" } else { "." };
            let key = format!("{path}{dot}{}", subcommand.get_name());
            found.extend(chinese(&key).is_none().then(|| key.clone()));
            for argument in subcommand.get_arguments() {
                let key = format!("{key}.{}", argument.get_id());
                found.extend(chinese(&key).is_none().then_some(key));
            }
            missing(subcommand, &key, found);
        }
    }

    #[test]
    fn every_command_and_argument_has_chinese_help() {
        let command = Cli::command();
        let mut found = Vec::new();
        missing(&command, "", &mut found);
        for argument in command.get_arguments() {
            found.extend(chinese(argument.get_id().as_str()).is_none().then(|| argument.get_id().to_string()));
        }
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn the_language_is_found_before_anything_is_parsed() {
        for (arguments, expect) in [
            (vec!["jiesu", "--lang", "en"], Lang::En),
            (vec!["jiesu", "match", "--lang=en", "x"], Lang::En),
            (vec!["jiesu", "--lang", "zh"], Lang::Zh),
        ] {
            assert_eq!(language(arguments.iter().map(OsString::from)), expect, "{arguments:?}");
        }
    }
}
