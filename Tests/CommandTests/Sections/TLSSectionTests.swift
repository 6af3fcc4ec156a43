import Command
import Gateway
import Testing

struct TLSSectionTests {
    @Test func withoutTLSNothingIsRead() throws {
        let tls = try #require(Sample().reading().configuration).tls
        #expect(tls.pairs.isEmpty && tls.clientCertificates == .off && tls.strictTransportSeconds == 0)
    }

    @Test func httpsNeedsACertificate() {
        #expect(
            Sample().with("server", "listen = \"https://127.0.0.1:1\"").problems() == [
                "server.listen: found \"https://127.0.0.1:1\"; "
                    + "allowed https:// with tls.certificate_files and tls.key_files"
            ]
        )
    }

    @Test func certificatesAndKeysComeInPairs() {
        let sample = Sample().withTLS("certificate_files = [\"/a\"]")
        #expect(
            sample.problems() == [
                "tls.key_files: found 0 for 1 certificates; allowed one for each of certificate_files"
            ]
        )
    }

    @Test func aFileThatCannotBeReadIsNamed() {
        let sample = Sample().with("server", "listen = \"https://127.0.0.1:1\"")
            .withTLS("certificate_files = [\"/nowhere/a\"]", "key_files = [\"/nowhere/b\"]")
        #expect(
            sample.problems() == [
                "tls.certificate_files: found \"/nowhere/a\", which does not exist; "
                    + "allowed PEM files with certificates, and their keys"
            ]
        )
    }

    @Test func clientsCertificatesNeedAnAuthority() {
        let problems = Sample().withTLS("client_certificates = \"required\"").problems()
        #expect(problems == ["tls.client_certificates: found \"required\"; allowed \"off\" without client_ca_file"])
    }

    @Test(arguments: [
        "min_version = \"1.1\"", "client_certificates = \"yes\"", "hsts = \"1\"", "check_interval = \"0s\"",
    ])
    func whatIsNotAllowedIsRefused(_ line: String) {
        #expect(Sample().withTLS(line).problems().count == 1)
    }

    @Test func aRedirectNeedsAPlaceToGo() {
        let sample = Sample().with(
            "server",
            "listen = \"redirect://127.0.0.1:1\"",
            "public_url = \"http://localhost:80\""
        )
        #expect(
            sample.problems() == ["server.listen: found a redirect:// to https; allowed that with an https public_url"]
        )
    }
}

extension Sample {
    fileprivate func withTLS(_ lines: String...) -> Sample {
        lines.reduce(self) { $0.with("tls", $1) }
    }
}
