import Command
import Testing

struct FindingTests {
    private func finding(_ severity: Severity, _ title: String = "t") -> Finding {
        Finding(severity, title, seen: "s", change: "c")
    }

    @Test func aNoteDoesNotSpoilIt() {
        var report = DoctorReport()
        #expect(report.isClean)
        report.add(self.finding(.note))
        #expect(report.isClean)
        report.add(self.finding(.warning))
        #expect(!report.isClean)
    }

    @Test func theWorstComesFirstAndNothingTwice() {
        var report = DoctorReport()
        report.add(self.finding(.note, "small"))
        report.add(self.finding(.critical, "big"))
        report.add(self.finding(.critical, "big"))
        report.cannotSee("that")
        report.cannotSee("that")
        report.count(2, to: "there")
        report.count(to: "there")
        let text = report.text
        #expect(text.hasPrefix("CRITICAL: big"))
        #expect(text.contains("\n\nnote: small"))
        #expect(text.hasSuffix("Findings: 1 critical, 0 warning, 1 note"))
        #expect(text.contains("  - 3 to there"))
        #expect(report.unseen == ["that"])
    }

    @Test func aFindingSaysWhatToChange() {
        #expect(self.finding(.warning).description == "WARNING: t\n    seen:   s\n    change: c")
    }
}
