// What the console says, in the language that is chosen. Chinese stands here, English in `words_en.js`.

import english from './words_en.js';

const chinese = {
  brand: '接诉', console: '接诉工作台', skip: '跳到正文', pages: '页面', page_call: '通话', page_desk: '派单台', page_department: '承办台',
  page_call_backs: '回访', page_knowledge: '知识库', page_bundle: '规则包', theme: '明暗', theme_auto: '跟随系统', theme_light: '浅色', theme_dark: '深色',
  language: '切换语言', keys: '快捷键', keys_here: '本页', keys_everywhere: '所有页面', close: '关闭', ok: '确定', cancel: '取消', back: '返回列表',
  sign_in: '登录', sign_out: '退出登录', not_signed_in: '当前没有用密钥登录', key: '密钥', sign_in_note: '向管理员索取；只保存在本标签页，关闭即清除。',
  sign_in_provider: '统一身份登录', sign_in_failed: '登录没有成功，请再试一次', lock: '锁定', locked: '已锁定', locked_note: '离开时间较长，请重新登录。正在记录的内容都在。',
  live_on: '实时', live_off: '正在重连…', live_none: '未启用工单', copied: '已复制', copy: '复制', copy_as_reply: '复制为答复', yes: '是', none: '无', reading: '正在读取…',

  complaint: '诉求内容', text_hint: '边听边记，右侧随时给出建议。粘贴整段也可以。', phone: '来电号码', name: '姓名', district: '属地', by_text: '按内容判断', channel: '渠道',
  confidential: '保密', characters: '{count} 字', facts: '要素', use_phone: '填为来电号码', correct_fact: '选中原文，直接改正', next_question: '下一问', required: '必问',
  answer_hint: '记下回答，回车加入诉求', call_number: '通话编号', call_hint: '接入转写', transcript: '通话转写', speaker_caller: '来电人', speaker_agent: '坐席', nobody_spoke: '等待转写…', forgotten: '更早的 {count} 句不再显示',
  call_on: '转写已接入', call_off: '正在接入转写…', call_over: '通话已结束', key_choice: '选择下一问的第几个回答', key_call: '通话编号', note_answer: '记下', cannot_say: '说不清', reply: '答复', restore: '恢复建议', missing: '还缺 {count} 项：',
  suggestion: '建议', waiting: '还没有内容', waiting_note: '开始记录后，场景、承办单位、时限和答复会显示在这里。', scenario: '场景', department: '承办单位', joint: '协办单位', deadline: '办结时限',
  by: '不晚于', basis: '依据', confidence: '置信度', outcome_auto: '可自动派单', outcome_suggest: '请确认', outcome_unknown: '未识别，请人工判断', evidence: '依据原文',
  matters: '含 {count} 个事项', notices: '当前公告', runners_up: '其他可能', steps: '处理要点', articles: '相关政策', cases: '相似案例', take_this: '改用',
  changed: '建议已变更：{from} → {to}', rival: '另有可能：{title}，尚不明显', amended: '已改：{reason}', no_suggestion: '暂时没有建议，内容已保存。', draft_kept: '草稿已保存在本机',
  caller_counts: '在办 {open} 件，共 {total} 件', caller_new: '这个号码没有以前的工单', caller_none: '还没有来电号码，或没有可选的工单', number_of_text: '文中的号码', callers_tickets: '来电人的工单', same_as_now: '同一类事项', nobody_yet: '还没有派单', last_step: '最近：',
  fold: '收起', unfold: '展开', open_ticket: '打开工单', colon: '：', comma: '、', semicolon: '；', in_brackets: '（{what}）', tell_progress: '告知进度', progress_told: '已告知，结束通话', note_optional: '补充说明（可不填，记入工单）', confidential_check: '保密工单：请先核对来电人身份', asked_progress: '来电询问进度，已告知。',
  progress_ended: '{id} 已记录：来电询问进度，已告知', chase_over: '{id} 已经办结，不能催办；请重新受理', callers_words: '来电人怎么说（可不填）', note_chase: '记录催办', chase_ended: '{id} 已记录第 {count} 次催办，在队列里提前',
  progress_matter: '您{at}反映的“{matter}”，', progress_with: '{lead}主办、{joint}协办', progress_due: '承办时限到{due}。', progress_late: '已超过原定的时限（{due}），我们会继续督促。', progress_chased: '已记录您的催办 {count} 次。',
  progress_received: '已经受理，正在安排承办单位。', progress_in_review: '已经受理，正在确定承办单位。', progress_dispatched: '已转由{department}办理，等待签收。', progress_accepted: '{department}已经签收，正在办理。', progress_contacted: '{department}已经联系过您，正在办理。', progress_resolved: '{department}已经办结，答复正在审核。', progress_answer_reviewed: '{department}已经办结，答复已审核，很快会告诉您。',
  progress_reply_sent: '已经办结并答复。', progress_reply_sent_reply: '已经办结，答复是：{reply}', progress_called_back: '已经办结并回访。', progress_called_back_reply: '已经办结，答复是：{reply}', progress_closed: '已于{over}办结归档。', progress_closed_reply: '已于{over}办结，答复是：{reply}', progress_paused: '现在等待您补充情况，收到后继续办理。', progress_parked: '目前暂不具备办理条件，已列入挂账，到{day}再复核。',
  progress_finalised: '已经终结办理。', progress_merged: '已并入工单 {into} 一并办理。', progress_refused: '不属于受理范围，之前已经向您说明。',
  notice_told: '已告知公告', no_notice: '这里没有可以告知的公告', notice_words: '已告知公告“{title}”：{text}', in_force: '{from} 至 {until}', rules_now: '规则 {revision}', rules_changed: '规则已更新：{from} → {to}，建议已按新规则重算',
  emergency: '紧急：危及生命或财产安全', emergency_note: '请立即转接，并告知来电人：', call_110: '公安', call_119: '消防', call_120: '急救', call_122: '交警',
  effective: '{date} 起有效', expires: '{date} 到期', no_reply: '没有记录答复', origin_real: '真实案例', origin_example: '示例',
  accept: '受理并派单', amend: '更改', to_review: '提交待审', answer_now: '当场答复', discard: '清空', discard_note: '这通电话的记录将被清除，不能恢复。', nothing_yet: '请先记录诉求', look_again: '建议刚刚变了，请核对后再提交',
  reason: '原因', reason_scenario: '场景识别有误', reason_department: '不属于该单位职责', reason_caller: '来电人补充了情况', what_was_said: '告知内容', close_ticket: '答复并归档',
  filed: '已受理 {id}：{state}，用时 {seconds} 秒', filed_not_sent: '{id} 已受理并待审，但没有派出：{why}', not_sent: '没有提交成功，内容仍在：{why}', opinion: '坐席意见：场景“{scenario}”，承办单位“{department}”',

  span_days: '{days}天{hours}小时', span_hours: '{hours}小时{minutes}分', span_minutes: '{minutes}分{seconds}秒', left: '剩{span}', overdue_by: '超期{span}', clock_stands: '已暂停计时',

  queues: '队列', queue_review: '待审', queue_returns: '退单', queue_panel: '争议', queue_answers: '答复审核', queue_call_backs: '待回访', queue_parked: '挂账', queue_empty: '没有待办',
  waiting_count: '{count} 件，紧急、催办多、先到期的在前', assigned_count: '{count} 件在办，紧急、催办多、先到期的在前', claim_next: '领取下一件', nothing_to_claim: '没有可领取的', ticket: '工单',
  choose_ticket: '从左侧选择一件', choose_ticket_note: 'J、K 上下移动，G 领取下一件，? 查看全部快捷键。', department_note: '选择承办单位后，只显示派给它的工单。', call_backs_note: '回访结果按数字键记录。',
  changed_meanwhile: '这件工单刚被别人改动，提交前请核对', all_departments: '全部', urgency_normal: '普通', urgency_urgent: '加急', urgency_critical: '特急', chased: '催办 {count} 次', chases: '催办次数', reopened: '重办次数',
  links: '关联工单', relation_same_matter: '同一事项', relation_same_caller: '同一来电人', relation_call_back: '回访产生', returning_dispatcher: '待裁定退单', returning_panel: '待争议裁定', claimed_by: '{by} 处理中', until: '至',
  caller: '来电人', about: '被反映单位', why: '判定依据', assignments: '派单', assignment: '哪一项派单', binding: '不得再退', asks_return: '申请退单：{reason}', call_backs: '回访', history: '办理经过',
  role: '角色', role_lead: '主办', role_joint: '协办', role_verify: '先行核实', part_sent: '待签收', part_accepted: '已签收', part_contacted: '已联系', part_resolved: '已答复', part_withdrawn: '已撤回',
  state_received: '已接收', state_in_review: '待审', state_dispatched: '已派单', state_accepted: '已签收', state_contacted: '已联系', state_resolved: '待审答复', state_answer_reviewed: '答复已审', state_reply_sent: '已答复',
  state_called_back: '已回访', state_closed: '已归档', state_parked: '挂账', state_finalised: '已终结', state_merged: '已并单', state_refused: '不予受理',
  do_claim: '领取', do_release: '放回', do_dispatch: '派单', do_answer_on_the_spot: '当场答复', do_refuse: '不予受理', do_uphold_return: '同意退单', do_refuse_return: '不同意退单', do_approve_answer: '通过答复',
  do_send_back: '退回重办', do_send_reply: '答复来电人', do_redirect: '改派', do_confirm: '确认紧急派单', do_accept: '签收', do_contact: '联系来电人', do_resolve: '提交答复', do_apply_return: '申请退单', do_unpark: '销账', do_merge: '并单', do_chase: '催办', do_note: '备注', do_close: '归档',
  did: '{what}：完成', fill_in: '请填写：{what}', to_whom: '派给', who_is_to_have_it: '由谁承办（必填）', who_has_it_now: '改由谁承办（不填则回到待审）', add_department: '加一个单位', split: '按 {count} 个事项拆分', remove: '去掉这一行', summary: '给承办单位看的摘要', summary_note: '保密工单，单位只见摘要',
  do_add: '加派', do_pause: '暂停计时', do_resume: '恢复计时', do_extend: '延期', do_park: '挂账', do_set_urgency: '调整紧急程度', do_reopen: '重新办理', more_time: '延长多久', unit: '单位', unit_working_days: '工作日', unit_days: '天', unit_hours: '小时', approved_by: '批准人', review_on: '到哪一天再看', urgency: '紧急程度',
  pick: '选中 {id}', picked: '已选 {count} 件', pick_all: '全选', pick_none: '取消', pick_some: '请先选中工单：按 V，或勾选左侧方框', bulk: '批量办理', bulk_chosen: '对选中的 {count} 件一起办理', bulk_done: '办成 {done} 件，没有办成 {failed} 件',
  repeats: '可能重复的工单', no_repeats: '没有发现可能重复的未办结工单，可以填写编号', this_ticket: '本工单', side_centre: '派单依据', side_unit: '退单理由', side_engine: '判定建议：{department}（{basis}）', no_basis: '没有写明依据', panel_note: '第二次申请退单，由会商裁定：同意退单须写明由谁承办，裁定有约束力。',
  notice_in_proceedings: '您好，您反映的事项已进入诉讼、仲裁或行政复议程序，热线不能重复受理。请按法定程序向审理机关反映。', notice_finally_answered: '您好，您反映的事项已经有最终答复意见，没有新的事实和理由，不再重复受理。', notice_nothing_concrete: '您好，您反映的内容没有具体的对象、地点或事实，暂时无法办理。了解清楚后请再来电，我们随时受理。', notice_out_of_scope: '您好，您反映的事项不属于 12345 热线的受理范围。建议您向有权处理的单位反映：',
  notice_own_channel: '您好，您反映的事项有专门的受理渠道，请拨打：', notice_emergency: '您好，这类紧急情况请立即拨打 110、119 或 120。',
  what_is_missing: '缺什么', met: '已见面', answer_note: '答复：查明了什么、怎么处理、依据、下一步', merge_into: '并入工单编号', note: '备注', ground: '不受理的理由', notice_to_caller: '告知来电人的话，以及可以找谁',
  return_not_ours: '不属于本单位职责', return_wrong_district: '不在本辖区', return_duplicate: '重复工单', return_missing_information: '信息不足', return_several_owners: '涉及多个单位',
  ground_in_proceedings: '已进入诉讼、仲裁或复议', ground_finally_answered: '已有最终答复', ground_nothing_concrete: '没有具体对象或事实', ground_out_of_scope: '不属于热线职权', ground_own_channel: '应走专门渠道', ground_emergency: '应拨打 110、119、120',
  queued_not_sure: '判定把握不足', queued_reopened: '重新办理', by_unit: '承办单位', by_centre: '热线中心', solved_yes: '已解决', solved_partly: '部分解决', solved_no: '未解决', satisfied: '满意', unsatisfied: '不满意', not_reached: '未接通',
  change_received: '受理', change_decided: '判定', change_queued: '转人工', change_dispatched: '派单', change_claimed: '领取', change_released: '放回', change_accepted: '签收', change_contacted: '联系来电人', change_resolved: '提交答复', change_answer_approved: '通过答复',
  change_sent_back: '退回重办', change_reply_sent: '答复来电人', change_called_back: '回访', change_closed: '归档', change_return_applied: '申请退单', change_return_upheld: '同意退单', change_return_refused: '不同意退单', change_redirected: '改派', change_handed_down: '转办',
  change_paused: '暂停计时', change_resumed: '恢复计时', change_extended: '延期', change_parked: '挂账', change_unparked: '销账', change_excluded: '剔除', change_included: '恢复考核', change_finalised: '终结', change_reopened: '重新办理', change_merged: '并单', change_refused: '不予受理',
  change_chased: '催办', change_urgent_dispatched: '紧急派出，待确认', change_confirmed: '确认紧急派单', change_review_due: '挂账到期，请复核', change_urgency_set: '调整紧急程度', change_linked: '关联', change_noted: '备注', change_attached: '附件', change_warned: '临期提醒', change_escalated: '超期升级', change_expired: '超期', change_erased: '清除个人信息',

  script: '回访话术', script_greeting: '您好，请问是{caller}吗？这里是 12345 热线，想就您反映的事情做个回访，耽误您一分钟。', script_matter: '您反映的是“{matter}”，承办单位已经答复。', script_reply: '答复内容：', script_solved: '请问问题解决了吗？是已解决、部分解决，还是没有解决？',
  script_satisfied: '您对办理满意吗？', script_more: '还有别的需要反映吗？谢谢您，再见。', caller_unknown: '您', your_matter: '您的诉求', no_phone: '没有留电话', close_when_satisfied: '解决且满意的，随即归档',
  result_solved_satisfied: '已解决，满意', result_solved_unsatisfied: '已解决，不满意', result_partly_satisfied: '部分解决，满意', result_partly_unsatisfied: '部分解决，不满意', result_unsolved_satisfied: '未解决，满意', result_unsolved_unsatisfied: '未解决，不满意', result_not_reached: '未接通',
  called_back: '{id} 已记录回访', called_back_closed: '{id} 已回访并归档',

  search: '检索', search_hint: '政策、办事、以往案例', look_in: '范围', everywhere: '不限', valid_on: '在这一天有效', kind_article: '政策', kind_notice: '公告', kind_case: '案例', search_empty: '输入词语、问题或整段诉求', search_note: '默认只显示当前有效的内容；按 / 回到检索框。', found: '找到 {count} 条', found_nothing: '没有找到；可换个说法，或放宽范围', similar: '相似度',

  answers_now: '当前规则包', stale: '旧版：新的规则包被拒绝', fresh: '正常', reload: '重新加载', reloaded: '已重新加载', revision: '版本', commit: 'git 提交', since: '启用时间', learning: '案例学习', learning_nothing: '带标签的案例太少，没有学习', learning_missing: '正在学习', learning_stale: '正在重新学习', learning_ready: '已完成',
  reloads: '重载次数', reloads_counted: '成功 {accepted} 次，被拒绝 {refused} 次', how_much: '规模', count_scenarios: '场景', count_terms: '词', count_departments: '承办单位', count_regions: '属地', count_articles: '政策', count_notices: '公告', count_cases: '案例', last_reload: '最近一次重载', accepted: '已启用', refused: '被拒绝', findings: '{errors} 个错误，{warnings} 个提醒',

  page_try: '试一试', try_text: '诉求内容', try_title: '标题（可不填）', try_hint: '粘贴一段诉求，看看程序怎样一步步得出结果', try_rules_only: '只看规则，不看案例', try_why_not: '为什么不是', try_why_not_note: '可不填。选一个场景，说明它为什么没有排在第一、怎样改才会', try_explain: '逐步说明', try_share: '复制分享链接',
  try_share_note: '链接里的文字在 # 之后：浏览器不会把它发给服务器，也不进任何日志。内容可能含个人信息，只发给可以看的人。', try_shared: '链接已复制', try_result: '判定过程', try_empty: '还没有说明', try_empty_note: '粘贴内容后按 Ctrl+Enter。试一试不会产生工单。', try_done: '按规则包 {revision} 说明', why_not: '为什么不是“{scenario}”',
  way_read: '读入', way_normalised: '规范后', way_same: '与原文相同', way_cut: '断句', way_counts: '{sentences} 句，{clauses} 个分句', way_words: '分词', way_looked: '找候选场景', way_hits: '规则里的词出现 {hits} 处，有 {scenarios} 个场景需要细看', way_more: '等，另有 {count} 个', way_fired: '命中的场景', way_none_fired: '没有场景命中', way_guessed: '只是读音相近，供参考', way_hints: '提示词',
  way_near: '差一点命中的场景', way_held: '成立', way_open: '不成立', way_denied: '（“{words}”前面被否定，不算）', way_part_of_word: '（“{words}”在更长的词里，不算）', way_elsewhere: '（“{words}”在别处）', way_left: '另有 {count} 项未命中', way_learned: '案例怎么看', way_not_learned: '带标签的案例太少，或只看规则：案例没有参与', way_votes: '最相近的案例',
  level_scenario: '场景', level_category: '分类', level_department: '承办单位', level_unit: '具体单位', way_ranked: '排序与自动派单线', way_source: '得出方式', source_rule: '规则', source_learned: '案例', source_answers: '来电人的回答', way_bar: '自动派单线', way_bar_is: '要求准确率 {target}，置信度须达到 {threshold}', way_no_bar: '要求准确率 {target}；案例还不够，不自动派单', way_met: '达到', way_not_met: '未达到', way_record: '这条规则以往', way_record_is: '{cases} 件中判对 {right} 件',
  way_responsible: '派给谁', way_nobody: '派单目录里没有对应的承办单位', way_flips: '改几个字就会变', way_flips_note: '改动最少、会换场景的写法，都已实际试过：', way_not_found_add: '加字：在搜索范围内没有找到', way_not_found_remove: '删字：在搜索范围内没有找到', way_not_found_change: '在搜索范围内没有找到', way_to_lead: '怎样改它就会领先', way_no_flip: '在搜索范围内没有找到（改动会很大）',
  key_explain: '逐步说明', key_why_not: '问“为什么不是”', key_share: '复制分享链接', key_why: '为什么这样判（试一试）',

  page_proposals: '修改建议', correct: '判得不对', key_correct: '判得不对', correct_now: '现在判为：{now}', right_scenario: '正确的场景', right_scenario_note: '场景没错、只是单位不对的，不填', right_department: '正确的承办单位', right_department_note: '单位没错的不填：单位由派单目录按场景和属地得出', reason_rule: '规则缺这种说法', correct_masked: '电话、证件号、姓名等会先遮盖，再写进例句。', correct_what: '请选正确的场景或承办单位',
  propose_draft: '起草修改', propose_again: '重新起草', propose_keep: '提交给编辑', propose_download: '下载补丁', propose_drafting: '正在起草并计算影响，通常要几秒…', propose_keeping: '正在提交…', propose_not_kept: '本服务没有启用工单，建议没有保存；可以下载补丁交给编辑。', proposed: '已提交：{id}，编辑会看到', patch: '补丁',
  draft_works: '按此修改后，判定正确。', draft_does_not: '按此修改后，判定还不对：需要编辑处理。', draft_loads: '修改后能正常加载。', draft_refused: '修改后不能加载：需要编辑处理。', draft_before: '现在', draft_after: '修改后', draft_edits: '改什么', draft_lacks: '还缺什么', impact: '对规则包自带例句和案例的影响', impact_counts: '{texts} 条中有 {changed} 条结果会变：改对 {better} 条，改错 {worse} 条。', impact_none: '{texts} 条例句和案例的结果都不变。', impact_partly: '（只看了一部分）',
  verdict_became_wrong: '改错', verdict_became_right: '改对', verdict_stays_wrong: '仍错', verdict_stays_right: '仍对', verdict_unlabelled: '有变', report_article: '报错', report_what: '哪里不对', report_outdated: '已过时', report_basis: '依据有误', report_unclear: '说法不清', report_note: '报错交由编辑核实，没有自动起草。', confirm_article: '核对无误', confirm_note: '已对照依据原文核对，内容仍然正确。提交后由编辑更新核对日期。', confirm_on: '核对日期', propose_article: '提出新条目',
  article_title: '标题', article_questions: '常见问法', one_a_line: '一行一个', article_answer: '答复', article_basis_note: '一行一个，写法如：《物业管理条例》第五十一条', article_effective: '生效日期', article_expires: '到期日期（可不填）', proposals_open: '待处理', proposals_accepted: '已采纳', proposals_rejected: '未采纳', proposals_count: '待处理 {count} 条', proposals_none: '没有修改建议', proposals_more: '显示更早的', proposal: '修改建议',
  proposal_correction: '判得不对', proposal_article: '新条目', proposal_confirmation: '核对无误', proposal_report: '报错', proposal_about: '条目', choose_proposal: '从左侧选择一条', choose_proposal_note: 'J、K 上下移动，A 采纳，? 查看全部快捷键。', proposal_decided: '由 {by} 处理', proposal_branch: 'git 分支', proposal_take_branch: '改动已写在分支 {branch} 上：核对后合并即可。', proposal_take_patch: '下载补丁，在规则包目录里运行 git apply {id}.patch，核对后提交。', proposal_reason: '处理意见（不采纳时必填）', proposal_accept: '采纳', proposal_reject: '不采纳', proposal_reopen: '重新打开',
  key_take: '采纳', key_reject: '写不采纳的理由', key_patch: '下载补丁',

  channel_phone: '电话', channel_web: '网站', channel_app: '手机应用', channel_wechat: '微信', channel_letter: '来信', channel_visit: '来访',
  fact_phone: '电话', fact_amount: '金额', fact_date: '日期', fact_time: '时间', fact_address: '地点', fact_plate: '车牌', fact_duration: '时长', fact_id_card: '证件号', fact_bus_line: '公交线路', fact_url: '网址', fact_bank_card: '银行卡', fact_order_number: '单号',
  key_text: '诉求内容', key_phone: '来电号码', key_question: '回答下一问', key_reply: '编辑答复', key_copy: '复制答复', key_amend: '更改场景或承办单位', key_accept: '受理并派单', key_review: '提交待审', key_answer: '当场答复', key_discard: '清空',
  key_caller: '来电人的工单（↑↓ 选择）', key_progress: '告知进度', key_chase: '记录催办', key_notice: '已告知公告', key_pick: '选中或取消这一件', key_pick_all: '全选', key_pick_none: '取消选中', key_bulk: '批量办理选中的',
  key_next: '下一件', key_previous: '上一件', key_claim_next: '领取队首一件', key_queue: '下一个队列', key_note: '写备注', key_search: '检索',

  page_figures: '数据', period: '时间', period_week: '本周', period_month: '本月', period_year: '今年', period_days: '最近 30 天', period_free: '自选', first_day: '从', last_day: '到', compared: '{from} 至 {to}，与上年同期 {before} 至 {until} 相比', refresh: '刷新',
  at_a_glance: '总览', nothing_counted: '没有数据', as_table: '数据表', no_last_year: '上年同期没有数据', than_last_year: '比上年同期 {by}', points_of: ' 个百分点', overdue_now: '其中 {count} 件至今未办结', none_known: '（未定）', this_time: '本期', last_year: '上年同期', last_year_tickets: '上年同期件数',
  measure_tickets: '受理件数', measure_automatic: '自动派单率', measure_accuracy: '派单准确率', measure_returns: '退单率', measure_in_time: '按时办结率', measure_overdue: '逾期件数', measure_response: '响应率', measure_resolution: '解决率', measure_satisfaction: '满意率',
  way_department: '承办单位', way_scenario: '场景', way_category: '类别', way_district: '属地', way_channel: '渠道', way_kind: '诉求类型', by_title: '{measure}，按{way}', by_measure: '看什么', by_way: '按什么分', most_bars: '图中为前 {shown} 项，表中为全部 {all} 项',
  trend: '{measure}走势', trend_said: '{from} 至 {to}，最高 {most}', day: '日期', month: '月份', sum: '合计',
  rising: '突增的问题', rising_note: '{from} 至 {to}，与之前 {windows} 段同样的日子相比；试了 {tried} 个场景，只列出很难用偶然解释的（负二项检验，误报率控制在 5% 以内，至少 5 件）', rising_none_yet: '积累的日子还太短，满几周以后才能判断', rising_empty: '没有明显突增的问题', rising_count: '件数', rising_expected: '预计', rising_before: '之前各段', rising_chance: '偶然的可能',
  rates: '考核指标：剔除前后', rates_note: '考核办法：{rules}', rate: '指标', raw: '剔除前', after_exclusions: '剔除后', rate_response_rate: '响应率', rate_resolution_rate: '解决率', rate_satisfaction_rate: '满意率', rate_on_time_rate: '按时办结率', rate_return_rate: '退单率', rate_automatic_rate: '自动派单率',
  step_times: '从受理到各环节的平均用时（小时）', step_times_note: '只算已到该环节的工单', step: '环节', mean_hours: '平均小时', step_dispatch: '派单', step_contact: '联系来电人', step_resolve: '办结', step_reply: '答复', step_end: '结案',
  by_hour: '受理时段（星期 × 小时）', by_hour_said: '{hour} 时最多，共 {count} 件', hours_since: '时段最多看一年：从 {from} 起', weekday_0: '周一', weekday_1: '周二', weekday_2: '周三', weekday_3: '周四', weekday_4: '周五', weekday_5: '周六', weekday_6: '周日',
  places: '属地 × 场景', places_note: '格内是件数，越多底色越重；件数多的场景和属地在前', places_said: '{scenarios} 个场景，{districts} 个属地', key_period: '换时间', key_way: '换分组', key_measure: '换指标',

  rule_statistics: '规则表现', find_rule: '查找场景、依据或单位', which_rules: '哪类规则', rules_scenario: '场景', rules_responsibility: '派单目录', last_months: '最近 {count} 个月', rules_shown: '显示 {shown} 条，共 {all} 条', rules_on_cases: '命中与准确按 {cases} 条自带案例', rules_working: '正在用自带案例计算命中与准确…',
  rule_name: '规则', rule_suggested: '建议', rule_kept: '采纳', rule_changed: '更改', rule_returned: '退单', rule_accuracy: '准确率', rule_changed_to: '改为', rule_hits: '案例命中', rule_precision: '案例准确率',
  changes: '与上一版相比', changes_none: '没有上一版可比（保存运行数据后，重启前的版本也能比较）', changes_same: '内容没有变化', changes_between: '从 {before} 到 {revision}', change_counts: '{what}：新增 {added}，删除 {removed}，修改 {changed}', was_added: '新增', was_removed: '删除', was_changed: '修改', left_out: '另有 {count} 项未列出', more_edits: '另有 {count} 处改动',
  reload_history: '重载记录', reload_at: '时间', reload_cause: '起因', reload_revision: '版本', reload_took: '用时', reload_result: '结果', cause_start: '启动', cause_changed: '文件有改动', cause_ordered: '{by} 下令', cause_learned: '案例学习完成', why_this: '为什么有这条检查', key_find_rule: '查找规则',
};

const WORDS = { zh: chinese, en: english };
let chosen = localStorage.getItem('jiesu.language') === 'en' ? 'en' : 'zh';

export const language = () => chosen;

export function setLanguage(to) {
  chosen = to;
  localStorage.setItem('jiesu.language', to);
}

/** The words for a key, `{name}` replaced by the value of that name. What has no words is said as it is. */
export function say(key, values = {}) {
  const words = WORDS[chosen][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** The words for a key where there are any. */
say.maybe = (key, otherwise) => (key in WORDS[chosen] ? say(key) : otherwise);
