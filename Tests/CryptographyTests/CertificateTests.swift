import Cryptography
import Testing

struct CertificateTests {
    /// For app.example.com and *.wild.example.com; its subject has a comma, quotes, a line feed and a letter beyond ASCII.
    private static let encoding =
        "MIIBaTCCAQ-gAwIBAgIBBzAKBggqhkjOPQQDAjAjMQ8wDQYDVQQKDAZhLCAiYiIxEDAOBgNVBAMMB0pvc8OpCngwIBcNMjYw"
        + "MTAxMDAwMDAwWhgPMjA1NjAxMDEwMDAwMDBaMCMxDzANBgNVBAoMBmEsICJiIjEQMA4GA1UEAwwHSm9zw6kKeDBZMBMGByqG"
        + "SM49AgEGCCqGSM49AwEHA0IABCFZOPVQ_X2f3u7cE_c9ffHCB6RFcsUBBJpMyYatQJrrIJeQMQ0zdVkw0ekKaguEjKNHK1cm"
        + "afgK8aJWBPshIfqjMjAwMC4GA1UdEQQnMCWCD2FwcC5leGFtcGxlLmNvbYISKi53aWxkLmV4YW1wbGUuY29tMAoGCCqGSM49"
        + "BAMCA0gAMEUCIQCOsNj80rOPIqa187vp83dk8zi0c3p1eDyBoBq1C30X0QIgQnYZEknvLXG_Pm5qqHdJcrNZN-"
        + "_o71GKNb8tfmmNP5Y"

    private func certificate() throws -> Certificate {
        let bytes = try #require(Base64URL.decode(Self.encoding))
        return try #require(Certificate(der: bytes))
    }

    @Test(arguments: ["app.example.com", "APP.example.com", "a.wild.example.com"])
    func itNamesItsHosts(_ host: String) throws {
        #expect(try self.certificate().names(host: host))
    }

    @Test(arguments: [
        "", "example.com", "b.app.example.com", "wild.example.com", "a.b.wild.example.com", ".wild.example.com",
        "app.example.com\u{0}", "app.example.com\u{0}.evil.example.net",
    ])
    func itNamesNoOther(_ host: String) throws {
        #expect(try !self.certificate().names(host: host))
    }

    @Test func itsSubjectIsOnePrintableLine() throws {
        #expect(try self.certificate().subject == #"CN=Jos\C3\A9\0Ax,O=a\, \"b\""#)
    }

    @Test func bytesThatAreNoCertificateAreRefused() throws {
        let bytes = try #require(Base64URL.decode(Self.encoding))
        #expect(Certificate(der: []) == nil)
        #expect(Certificate(der: Array(bytes.dropLast())) == nil)
        #expect(Certificate(der: bytes + [0]) == nil)
    }
}
