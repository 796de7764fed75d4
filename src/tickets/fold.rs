//! A ticket is what its events made of it. Folding cannot fail: what an event says has happened.

use jiff::SignedDuration;

use super::change::{Assigned, Change, Event, Moved};
use super::model::{
    Assignment, AssignmentRole, AssignmentState, CallBackBy, Exclusion, Parking, ReturnApplication, State, Ticket,
    Times, Urgency,
};

impl Ticket {
    /// The ticket that these events make, in order; `None` where the first is not that it came in.
    pub fn fold(id: &str, events: &[Event]) -> Option<Ticket> {
        let (first, rest) = events.split_first()?;
        let mut ticket = Ticket::received(id, first)?;
        for event in rest {
            ticket.apply(event);
        }
        Some(ticket)
    }

    fn received(id: &str, event: &Event) -> Option<Ticket> {
        let Change::Received {
            text,
            title,
            channel,
            district,
            external_id,
            confidential,
            about,
            superior_due,
            contact,
            chosen,
            place,
        } = &event.change
        else {
            return None;
        };
        Some(Ticket {
            id: id.to_owned(),
            version: event.number,
            opened_at: event.at,
            updated_at: event.at,
            state: State::Received,
            provisional: None,
            paused: None,
            stood: SignedDuration::ZERO,
            urgency: Urgency::Normal,
            text: text.clone(),
            title: title.clone(),
            channel: channel.clone(),
            district: district.clone(),
            external_id: external_id.clone(),
            confidential: *confidential,
            about: about.clone(),
            superior_due: *superior_due,
            contact: *contact,
            chosen: chosen.clone(),
            place: place.clone(),
            judgement: None,
            scenario: None,
            assignments: Vec::new(),
            deadlines: Vec::new(),
            extensions: 0,
            claim: None,
            reply: None,
            call_backs: Vec::new(),
            chases: 0,
            return_applications: 0,
            returns: 0,
            reopened: 0,
            excluded: None,
            parking: None,
            merged_into: None,
            links: Vec::new(),
            attachments: Vec::new(),
            automatic: false,
            times: Times::default(),
        })
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        self.version = event.number;
        self.updated_at = event.at;
        self.take(event);
        self.follow_assignments();
        self.note_time(event);
    }

    fn take(&mut self, event: &Event) {
        match &event.change {
            Change::Received { .. } | Change::Noted { .. } | Change::Warned { .. } => {}
            Change::Expired { .. } | Change::Escalated { .. } => {}
            Change::Decided { judgement, urgency, deadlines } => {
                self.scenario = judgement.scenario.clone().or_else(|| self.chosen.clone());
                if judgement.district.is_some() {
                    self.district.clone_from(&judgement.district);
                }
                self.judgement = Some(judgement.clone());
                self.urgency = self.urgency.max(*urgency);
                self.deadlines.clone_from(deadlines);
            }
            Change::Queued { .. } => self.state = State::InReview,
            // Departments have it, and a person has still to look: it waits where people look.
            Change::UrgentDispatched { assignments, reason } => {
                self.assign(assignments, event);
                self.provisional = Some(reason.clone());
                self.state = State::InReview;
            }
            Change::Confirmed => {
                self.claim = None;
                self.confirm();
            }
            Change::Dispatched { assignments, automatic, scenario } => {
                self.claim = None;
                self.provisional = None;
                self.automatic = *automatic;
                if scenario.is_some() {
                    self.scenario.clone_from(scenario);
                }
                self.assign(assignments, event);
                self.state = State::Dispatched;
            }
            Change::Claimed { claim } => self.claim = Some(claim.clone()),
            Change::Released => self.claim = None,
            Change::Accepted { assignment } => self.advance(*assignment, AssignmentState::Accepted),
            Change::Contacted { assignment, .. } => self.advance(*assignment, AssignmentState::Contacted),
            Change::Resolved { assignment, answer } => {
                self.advance(*assignment, AssignmentState::Resolved);
                self.change(*assignment, |a| a.answer = Some(answer.clone()));
            }
            Change::AnswerApproved => {
                self.claim = None;
                self.state = State::AnswerReviewed;
            }
            Change::SentBack { assignment, .. } => {
                self.claim = None;
                self.state = State::Dispatched;
                self.advance(*assignment, AssignmentState::Accepted);
            }
            Change::ReplySent { reply } => {
                self.reply = Some(reply.clone());
                self.state = State::ReplySent;
            }
            Change::CalledBack { call_back } => {
                if call_back.by == CallBackBy::Centre && call_back.reached {
                    self.claim = None;
                    self.state = State::CalledBack;
                }
                self.call_backs.push(call_back.clone());
            }
            Change::Closed { .. } => self.end(State::Closed),
            Change::ReturnApplied { .. }
            | Change::ReturnUpheld { .. }
            | Change::ReturnRefused { .. }
            | Change::Redirected { .. }
            | Change::HandedDown { .. } => self.take_ownership(event),
            Change::Paused { .. } => self.paused = Some(event.at),
            Change::Resumed { deadlines } => {
                self.run_again(event);
                self.move_deadlines(deadlines);
            }
            Change::Extended { assignment, deadline, .. } => {
                self.move_deadlines(&[Moved { assignment: *assignment, was: None, deadline: deadline.clone() }]);
                match assignment {
                    Some(number) => self.change(*number, |a| a.extensions += 1),
                    None => self.extensions += 1,
                }
            }
            Change::Parked { reason, review_on } => {
                self.parking = Some(Parking { reason: reason.clone(), review_on: *review_on, review_due: false });
                self.paused = self.paused.or(Some(event.at));
                self.provisional = None;
                self.claim = None;
                self.state = State::Parked;
            }
            Change::Unparked { deadlines } => {
                self.parking = None;
                self.run_again(event);
                self.claim = None;
                self.move_deadlines(deadlines);
                // Or in review, where nobody has it.
                self.state = State::Dispatched;
            }
            Change::Excluded { reason, approved_by } => {
                self.excluded = Some(Exclusion { reason: reason.clone(), approved_by: approved_by.clone() });
            }
            Change::Included { .. } => self.excluded = None,
            Change::Finalised { .. } => self.end(State::Finalised),
            Change::Reopened { deadlines, .. } => self.reopen(deadlines, event),
            Change::Merged { into } => {
                self.merged_into = Some(into.clone());
                self.withdraw_all();
                self.end(State::Merged);
            }
            Change::Refused { notice, .. } => {
                self.reply = Some(notice.clone());
                self.end(State::Refused);
            }
            Change::Chased { .. } => self.chases += 1,
            Change::UrgencySet { urgency, deadlines, .. } => {
                self.urgency = *urgency;
                self.move_deadlines(deadlines);
            }
            Change::ReviewDue { .. } => {
                if let Some(parking) = &mut self.parking {
                    parking.review_due = true;
                }
            }
            Change::Linked { link } => self.links.push(link.clone()),
            Change::Attached { attachment } => self.attachments.push(attachment.clone()),
            Change::Erased => {
                self.contact = None;
                self.attachments.clear();
            }
        }
    }

    fn take_ownership(&mut self, event: &Event) {
        match &event.change {
            Change::ReturnApplied { assignment, reason, basis, panel } => {
                self.return_applications += 1;
                let application =
                    ReturnApplication { reason: *reason, basis: basis.clone(), at: event.at, panel: *panel };
                self.change(*assignment, |a| {
                    a.returning = Some(application);
                    a.return_applications += 1;
                });
            }
            Change::ReturnUpheld { assignment, to, panel, .. } => {
                self.returns += 1;
                self.claim = None;
                self.provisional = None;
                self.change(*assignment, |a| a.given_back = true);
                self.withdraw(*assignment);
                self.assign(to, event);
                if *panel {
                    to.iter().for_each(|to| self.change(to.number, |a| a.binding = true));
                }
                // Or in review again, where nobody has it.
                self.state = State::Dispatched;
            }
            Change::ReturnRefused { assignment, .. } => {
                self.claim = None;
                self.change(*assignment, |a| {
                    a.returning = None;
                    a.binding = true;
                });
                self.confirm();
            }
            Change::Redirected { assignment, to, .. } => {
                self.claim = None;
                self.withdraw(*assignment);
                self.assign(std::slice::from_ref(to), event);
                self.confirm();
            }
            Change::HandedDown { assignment, to } => {
                // What bound the department binds those below it.
                let binding = self.active(*assignment).is_some_and(|a| a.binding);
                self.withdraw(*assignment);
                self.assign(std::slice::from_ref(to), event);
                self.change(to.number, |a| a.binding = binding);
            }
            _ => {}
        }
    }

    /// A person looked at an emergency that had gone out at once: from now on it stands where its parts do.
    fn confirm(&mut self) {
        if self.provisional.take().is_some() {
            self.state = State::Dispatched;
        }
    }

    fn run_again(&mut self, event: &Event) {
        if let Some(paused) = self.paused.take() {
            self.stood += event.at.duration_since(paused).max(SignedDuration::ZERO);
        }
    }

    fn end(&mut self, state: State) {
        // What nobody confirmed goes with the ticket.
        if self.provisional.take().is_some() {
            self.withdraw_all();
        }
        self.claim = None;
        self.state = state;
    }

    fn reopen(&mut self, deadlines: &[super::deadlines::Deadline], event: &Event) {
        self.reopened += 1;
        self.extensions = 0;
        self.times.reopened = Some(event.at);
        self.provisional = None;
        self.paused = None;
        self.stood = SignedDuration::ZERO;
        self.parking = None;
        self.claim = None;
        self.withdraw_all();
        self.deadlines = deadlines.to_vec();
        self.times.resolved = None;
        self.times.replied = None;
        self.times.over = None;
        self.state = State::InReview;
    }

    fn assign(&mut self, assigned: &[Assigned], event: &Event) {
        self.confidential |= assigned.iter().any(|assigned| assigned.confidential);
        let new = assigned.iter().map(|assigned| Assignment {
            assigned: assigned.clone(),
            state: AssignmentState::Sent,
            sent_at: event.at,
            returning: None,
            binding: false,
            extensions: 0,
            return_applications: 0,
            given_back: false,
            answer: None,
        });
        self.assignments.extend(new);
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Assignment)) {
        if let Some(assignment) = self.assignments.iter_mut().find(|assignment| assignment.number == number) {
            change(assignment);
        }
    }

    fn advance(&mut self, number: u32, state: AssignmentState) {
        self.change(number, |assignment| assignment.state = state);
    }

    fn withdraw(&mut self, number: u32) {
        self.change(number, |assignment| {
            assignment.state = AssignmentState::Withdrawn;
            assignment.returning = None;
        });
    }

    fn withdraw_all(&mut self) {
        for assignment in &mut self.assignments {
            assignment.state = AssignmentState::Withdrawn;
            assignment.returning = None;
        }
    }

    fn move_deadlines(&mut self, moved: &[Moved]) {
        for Moved { assignment, deadline, .. } in moved {
            match assignment {
                Some(number) => self.change(*number, |a| a.assigned.deadline = deadline.clone()),
                None => match self.deadlines.iter_mut().find(|own| own.layer == deadline.layer) {
                    Some(own) => *own = deadline.clone(),
                    None => self.deadlines.push(deadline.clone()),
                },
            }
        }
    }

    /// A ticket that departments handle stands where the slowest in charge does. With nobody in charge it is dispatched
    /// while somebody looks whose it is, and in review once that was answered: a person must send it on.
    fn follow_assignments(&mut self) {
        if !(self.state.is_handling() || self.state == State::Resolved) {
            return;
        }
        let slowest = self.in_charge().map(|assignment| assignment.state).min();
        self.state = match slowest {
            Some(AssignmentState::Accepted) => State::Accepted,
            Some(AssignmentState::Contacted) => State::Contacted,
            Some(AssignmentState::Resolved) => State::Resolved,
            Some(AssignmentState::Sent | AssignmentState::Withdrawn) => State::Dispatched,
            None if self.is_verified_by_somebody() => State::Dispatched,
            None => State::InReview,
        };
    }

    /// Whether somebody looks whose matter it is, and has not answered yet.
    fn is_verified_by_somebody(&self) -> bool {
        let verifying = |a: &Assignment| a.role == AssignmentRole::Verify && a.state != AssignmentState::Resolved;
        self.assignments.iter().any(|assignment| assignment.is_active() && verifying(assignment))
    }

    fn note_time(&mut self, event: &Event) {
        let in_charge = |number: u32| self.in_charge().any(|assignment| assignment.number == number);
        let by_who_is_in_charge = matches!(event.change, Change::Contacted { assignment, .. } if in_charge(assignment));
        let times = &mut self.times;
        match event.change {
            Change::Dispatched { .. } | Change::UrgentDispatched { .. } => {
                times.dispatched = times.dispatched.or(Some(event.at));
            }
            Change::Contacted { .. } if by_who_is_in_charge => {
                times.contacted = times.contacted.or(Some(event.at));
            }
            Change::ReplySent { .. } => times.replied = times.replied.or(Some(event.at)),
            _ => {}
        }
        match self.state {
            State::Resolved if times.resolved.is_none() => times.resolved = Some(event.at),
            State::InReview | State::Dispatched | State::Accepted | State::Contacted => times.resolved = None,
            state if state.is_over() => times.over = times.over.or(Some(event.at)),
            _ => {}
        }
    }
}
