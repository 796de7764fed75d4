//! The target `json_lines` on a stable compiler: `-- SECONDS [SEED]`.

fn main() -> std::process::ExitCode {
    jiesu_fuzz::mutate::run(&jiesu_fuzz::JSON_LINES)
}
