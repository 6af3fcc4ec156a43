import Gateway
import NIOCore
import Testing

/// Metrics as Prometheus reads them.
struct PrometheusTextTests {
    private func lines(_ snapshot: MetricsSnapshot, routes: [String] = ["app"]) -> [Substring] {
        snapshot.prometheusText(routes: routes).split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func exchangesHaveRouteAndStatus() {
        var snapshot = MetricsSnapshot()
        snapshot.exchanges = [0 << 16 | 200: 3, -1 << 16 | 421: 1]
        let lines = self.lines(snapshot)
        #expect(lines.contains(#"gatehouse_exchanges_total{route="app",status="200"} 3"#))
        #expect(lines.contains(#"gatehouse_exchanges_total{route="",status="421"} 1"#))
    }

    @Test func aRouteNameCannotLeaveItsLabel() {
        var snapshot = MetricsSnapshot()
        snapshot.exchanges = [200: 1]
        let lines = self.lines(snapshot, routes: ["a\"b\\c\nd"])
        #expect(lines.contains(#"gatehouse_exchanges_total{route="a\"b\\c\nd",status="200"} 1"#))
    }

    @Test func bucketsCountEverythingUpToTheirBound() {
        var snapshot = MetricsSnapshot()
        for duration in [TimeAmount.milliseconds(1), .milliseconds(1), .seconds(1), .seconds(60)] {
            snapshot.exchangeLatency.record(duration)
        }
        let lines = self.lines(snapshot)
        #expect(lines.contains(#"gatehouse_exchange_seconds_bucket{le="0.0005"} 0"#))
        #expect(lines.contains(#"gatehouse_exchange_seconds_bucket{le="0.001"} 2"#))
        #expect(lines.contains(#"gatehouse_exchange_seconds_bucket{le="1.0"} 3"#))
        #expect(lines.contains(#"gatehouse_exchange_seconds_bucket{le="10.0"} 3"#))
        #expect(lines.contains(#"gatehouse_exchange_seconds_bucket{le="+Inf"} 4"#))
        #expect(lines.contains("gatehouse_exchange_seconds_count 4"))
        #expect(lines.contains("gatehouse_exchange_seconds_sum 61.002"))
    }

    @Test func whatTheUpstreamTookIsToldBesideTheWhole() {
        var snapshot = MetricsSnapshot()
        snapshot.upstreamLatency.record(.milliseconds(2))
        var sum = MetricsSnapshot()
        sum.add(snapshot)
        sum.add(snapshot)
        let lines = self.lines(sum)
        #expect(lines.contains("gatehouse_upstream_seconds_count 2"))
        #expect(lines.contains("gatehouse_upstream_seconds_sum 0.004"))
    }

    @Test func whatHasNotHappenedIsZeroRatherThanAbsent() {
        let lines = self.lines(MetricsSnapshot())
        for line in [
            #"gatehouse_decisions_total{decision="challenge"} 0"#, #"gatehouse_sign_ins_total{outcome="failed"} 0"#,
            #"gatehouse_faults_total{source="store"} 0"#,
        ] {
            #expect(lines.contains { $0 == line })
        }
    }

    @Test func everyLineIsACommentOrASample() {
        let lines = self.lines(MetricsSnapshot())
        #expect(lines.last == "")
        for line in lines.dropLast() {
            #expect(
                line.hasPrefix("# HELP gatehouse_") || line.hasPrefix("# TYPE gatehouse_")
                    || line.hasPrefix("gatehouse_")
            )
        }
    }
}
