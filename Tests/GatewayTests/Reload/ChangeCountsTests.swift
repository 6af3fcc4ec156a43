import Gateway
import Testing

/// What the operator sees of reloads and of certificates.
struct ChangeCountsTests {
    @Test func eachOutcomeIsThereFromTheBeginning() {
        let lines = ChangeCounts().prometheusText.split(separator: "\n").map(String.init)
        #expect(lines.contains("gatehouse_reloads_total{of=\"configuration\",result=\"applied\"} 0"))
        #expect(lines.contains("gatehouse_reloads_total{of=\"certificates\",result=\"refused\"} 0"))
        #expect(!lines.contains { $0.contains("certificate_expiry") })
    }

    @Test func whatHappensIsCounted() {
        let counts = ChangeCounts()
        counts.count(.configuration, .refused)
        counts.count(.configuration, .refused)
        counts.count(.certificates, .applied)
        let text = counts.prometheusText
        #expect(text.contains("{of=\"configuration\",result=\"refused\"} 2\n"))
        #expect(text.contains("{of=\"certificates\",result=\"applied\"} 1\n"))
    }

    @Test func certificatesAreToldByTheirPlace() {
        let counts = ChangeCounts()
        counts.note(expiries: [1_800_000_000, 1_900_000_000])
        let text = counts.prometheusText
        #expect(text.contains("gatehouse_tls_certificate_expiry_timestamp_seconds{certificate=\"1\"} 1800000000\n"))
        #expect(text.contains("gatehouse_tls_certificate_expiry_timestamp_seconds{certificate=\"2\"} 1900000000\n"))
    }
}
