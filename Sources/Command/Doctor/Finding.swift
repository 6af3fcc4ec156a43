/// How bad it is.
package enum Severity: String, Sendable, CaseIterable {
    /// Somebody can pass for somebody else, or reach what is protected.
    case critical = "CRITICAL"
    /// Sign-in or refresh does not work, or a defence is missing.
    case warning = "WARNING"
    /// Worth knowing; does not make the exit code 1.
    case note = "note"
}

/// One thing the doctor has found, and the line to change.
package struct Finding: Sendable, Equatable {
    package let severity: Severity
    /// What is wrong, in a sentence.
    package let title: String
    /// What was sent and what came back.
    package let seen: String
    /// Where, and to what.
    package let change: String

    package init(_ severity: Severity, _ title: String, seen: String, change: String) {
        self.severity = severity
        self.title = title
        self.seen = seen
        self.change = change
    }
}

extension Finding: CustomStringConvertible {
    package var description: String {
        "\(self.severity.rawValue): \(self.title)\n    seen:   \(self.seen)\n    change: \(self.change)"
    }
}

/// All that a doctor has to say.
package struct DoctorReport: Sendable {
    package private(set) var findings: [Finding] = []
    /// What could not be seen, each in a sentence.
    package private(set) var unseen: [String] = []
    /// To whom how much was sent.
    package private(set) var sent: [(name: String, count: Int)] = []
    /// What was looked at and is as it should be.
    package private(set) var good: [String] = []

    package init() {}

    /// Notes a finding; the same one twice is one.
    package mutating func add(_ finding: Finding) {
        if !self.findings.contains(finding) { self.findings.append(finding) }
    }

    package mutating func cannotSee(_ what: String) {
        if !self.unseen.contains(where: { $0.isExactly(what) }) { self.unseen.append(what) }
    }

    package mutating func isGood(_ what: String) {
        self.good.append(what)
    }

    package mutating func count(_ requests: Int = 1, to name: String) {
        if let index = self.sent.firstIndex(where: { $0.name.isExactly(name) }) {
            self.sent[index].count += requests
        } else {
            self.sent.append((name, requests))
        }
    }

    package var isClean: Bool { self.findings.allSatisfy { $0.severity == .note } }

    /// The worst first.
    package var text: String {
        var parts: [String] = []
        for severity in Severity.allCases {
            parts += self.findings.filter { $0.severity == severity }.map(\.description)
        }
        func list(_ title: String, _ lines: [String]) {
            if !lines.isEmpty { parts.append(([title] + lines.map { "  - \($0)" }).joined(separator: "\n")) }
        }
        list("In order:", self.good)
        list("Not seen:", self.unseen)
        list("Sent, one after the other:", self.sent.map { "\($0.count) to \($0.name)" })
        let counts = Severity.allCases.map { severity in
            "\(self.findings.count { $0.severity == severity }) \(severity.rawValue.lowercased())"
        }
        parts.append("Findings: " + counts.joined(separator: ", "))
        return parts.joined(separator: "\n\n")
    }
}
