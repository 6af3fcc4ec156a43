import Synchronization

/// What has become of changed files, and how long certificates last: for the metrics of the process.
package final class ChangeCounts: Sendable {
    package enum Subject: String, Sendable, CaseIterable {
        case configuration
        case certificates
    }

    package enum Result: String, Sendable, CaseIterable {
        case applied
        case refused
    }

    private struct Key: Hashable {
        let subject: Subject
        let result: Result
    }

    private struct Values {
        var counts: [Key: Int] = [:]
        var expiries: [Int] = []
    }

    private let values = Mutex(Values())

    package init() {}

    package func count(_ subject: Subject, _ result: Result) {
        self.values.withLock { $0.counts[Key(subject: subject, result: result), default: 0] += 1 }
    }

    /// When the certificates in use expire, in the order of the configuration, in seconds since 1970.
    package func note(expiries: [Int]) {
        self.values.withLock { $0.expiries = expiries }
    }

    package var prometheusText: String {
        let values = self.values.withLock { $0 }
        var text = "# HELP gatehouse_reloads_total Changed files by what became of them.\n"
        text += "# TYPE gatehouse_reloads_total counter\n"
        for subject in Subject.allCases {
            for result in Result.allCases {
                let count = values.counts[Key(subject: subject, result: result)] ?? 0
                text += "gatehouse_reloads_total{of=\"\(subject.rawValue)\",result=\"\(result.rawValue)\"} \(count)\n"
            }
        }
        guard !values.expiries.isEmpty else { return text }
        let name = "gatehouse_tls_certificate_expiry_timestamp_seconds"
        text += "# HELP \(name) When certificates expire, by their place in tls.certificate_files.\n"
        text += "# TYPE \(name) gauge\n"
        for (index, expiry) in values.expiries.enumerated() {
            text += "\(name){certificate=\"\(index + 1)\"} \(expiry)\n"
        }
        return text
    }
}
