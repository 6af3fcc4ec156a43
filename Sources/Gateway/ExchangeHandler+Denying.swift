import Access
import JSON
import Logging
import NIOHTTP1

/// Known, but not allowed: a page or a small problem that names the decision, and a line in the log that explains it.
extension ExchangeHandler {
    func refuse(_ route: Route, _ denial: Denial) {
        let decisionID = self.worker.makeRequestID().description
        self.explain(route, denial, decisionID, "denied")
        self.auditDenial(of: self.current.session, because: "\(denial)")
        let fault = Fault(.downstream, .forbidden, "denied", detail: "\(denial), decision \(decisionID)")
        let isBearer = self.current.session?.isBearer ?? false
        var answer = Answer.denied(
            fault,
            asPage: !isBearer && self.current.wantsPage,
            decisionID: decisionID
        )
        if isBearer {
            answer.fields.append(
                ("WWW-Authenticate", "Bearer realm=\"\(self.bearerRealm)\", error=\"insufficient_scope\"")
            )
        }
        self.answer(answer)
    }

    /// A token's session is known by no name: it has none beyond the request.
    func auditDenial(of session: OpenedSession?, because reason: String) {
        self.worker.audit?.write(
            .denied,
            subject: session?.session.identity.subject,
            session: session.flatMap { $0.isBearer ? nil : $0.ticket.key },
            client: self.current.access?.clientAddress,
            requestID: self.current.requestID.description,
            reason: reason
        )
    }

    /// Says who would have been kept out, had the policy been enforced.
    func noteOverlooked(_ permit: Permit) {
        guard let denial = permit.overlooked else { return }
        self.explain(permit.route, denial, self.worker.makeRequestID().description, "would be denied")
    }

    private func explain(_ route: Route, _ denial: Denial, _ decisionID: String, _ message: Logger.Message) {
        guard let access = self.current.access else { return }
        let grants = self.current.session?.grants
        var metadata: Logger.Metadata = [
            "decision_id": "\(decisionID)", "request_id": "\(self.current.requestID.description)",
            "route": "\(route.name)",
            "reason": "\(denial)", "client": "\(access.clientAddress)",
        ]
        if let subject = grants?.session.identity.subject { metadata["subject"] = "\(subject)" }
        if let requirement = route.policy.requirement {
            let failing = requirement.failing(for: grants, from: access.clientAddress)
            if let failing { metadata["unmet"] = "\(failing)" }
        }
        self.worker.logger.notice(message, metadata: metadata)
    }
}

extension Answer {
    static func denied(_ fault: Fault, asPage: Bool, decisionID: String) -> Self {
        let text = Page.Text(fault)
        var answer =
            asPage
            ? Answer.page(Page(text, decisionID: decisionID), status: fault.status)
            : Answer.problem(
                fault.status,
                text.title,
                members: [.init(name: "decision_id", value: .string(decisionID))]
            )
        answer.fault = fault
        return answer
    }
}
