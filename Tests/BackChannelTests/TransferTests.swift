import BackChannel
import Testing

@Suite(.timeLimit(.minutes(1))) struct TransferTests {
    @Test func aRedirectIsAnAnswerAndNotFollowed() async throws {
        let elsewhere = try LoopbackServer.answering()
        let target = elsewhere.url("/stolen")
        let server = try LoopbackServer.answering { _ in
            LoopbackServer.answer("", status: "302 Found", fields: "Location: \(target)\r\n")
        }
        let response = try await makeBackChannel().send(BackChannelRequest(url: server.url()))
        #expect(response.status == 302)
        #expect(response.header("location") == target)
        #expect(elsewhere.connections == 0)
    }

    @Test func cookiesAreNotKept() async throws {
        let server = try LoopbackServer.answering { LoopbackServer.answer($0, fields: "Set-Cookie: a=b; Path=/\r\n") }
        let channel = try makeBackChannel()
        for _ in 0..<2 {
            let response = try await channel.send(BackChannelRequest(url: server.url()))
            #expect(!String(decoding: response.body, as: UTF8.self).lowercased().contains("cookie"))
        }
    }

    @Test func aPeerThatSaysNothingRunsIntoTheDeadline() async throws {
        let server = try makeSilentServer()
        let channel = try makeBackChannel { $0.timeout = .seconds(2) }
        let start = ContinuousClock.now
        #expect(await failure(channel, BackChannelRequest(url: server.url())) == .timeout)
        #expect(ContinuousClock.now - start >= .seconds(2))
    }

    @Test func aPeerThatDripsRunsIntoTheSameDeadline() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while connection.send("a"), !connection.waitForPeer(milliseconds: 10) {}
        }
        let channel = try makeBackChannel { $0.timeout = .seconds(2) }
        #expect(await failure(channel, BackChannelRequest(url: server.url())) == .timeout)
    }

    @Test func aSlowPeerDoesNotHoldUpOthers() async throws {
        let received = Signal()
        let silent = try makeSilentServer(received)
        let server = try LoopbackServer.answering()
        let channel = try makeBackChannel()
        let url = silent.url()
        let slow = Task { await failure(channel, BackChannelRequest(url: url)) }
        await received.wait()
        #expect(try await channel.send(BackChannelRequest(url: server.url())).status == 200)
        slow.cancel()
        #expect(await slow.value == .cancelled)
    }

    @Test func aClosedPortRefuses() async throws {
        let url = "\(LoopbackServer.nobody)/"
        #expect(await failure(try makeBackChannel(), BackChannelRequest(url: url)) == .refused)
    }

    @Test func aNameThatDoesNotExistHasNoAddress() async throws {
        let channel = try makeBackChannel { $0.timeout = .seconds(3) }
        // RFC 6761, section 6.4. Where no DNS server answers, the deadline does.
        let error = await failure(channel, BackChannelRequest(url: "https://nobody.invalid/"))
        #expect(error == .cannotResolve || error == .timeoutUnsent)
    }

    @Test func aDeadlineInThePastIsATimeout() async throws {
        let server = try LoopbackServer.answering()
        let channel = try makeBackChannel { $0.timeout = .zero }
        #expect(await failure(channel, BackChannelRequest(url: server.url())) == .timeoutUnsent)
        #expect(server.connections == 0)
    }
}

/// Which certificates are believed.
@Suite(.timeLimit(.minutes(1))) struct TransferTrustTests {
    @Test func anAuthorityOfOurOwnIsBelieved() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let channel = try makeBackChannel { $0.caFile = authority.file }
        #expect(try await channel.send(BackChannelRequest(url: server.url())).status == 200)
    }

    @Test func anAuthorityInADirectoryIsBelieved() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let directory = try await authority.hashedDirectory()
        let channel = try makeBackChannel { $0.caDirectory = directory }
        #expect(try await channel.send(BackChannelRequest(url: server.url())).status == 200)
    }

    @Test func tlsSessionsAreResumedByNewConnections() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let channel = try makeBackChannel { $0.caFile = authority.file }
        var pages: [String] = []
        for _ in 0..<2 {
            let response = try await channel.send(BackChannelRequest(url: server.url()))
            pages.append(String(decoding: response.body, as: UTF8.self))
        }
        #expect(pages[0].contains("New, TLSv1.3"))
        #expect(pages[1].contains("Reused, TLSv1.3"))
    }

    @Test func anotherAuthorityIsNotBelieved() async throws {
        let authority = try await CertificateAuthority()
        let other = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let own = try makeBackChannel { $0.caFile = other.file }
        #expect(await failure(own, BackChannelRequest(url: server.url()))?.isTLS == true)
        let system = try makeBackChannel { $0.allowPlainHTTP = true }
        #expect(await failure(system, BackChannelRequest(url: server.url()))?.isTLS == true)
    }

    @Test func aCertificateForAnotherNameIsNotBelieved() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority, name: "DNS:localhost")
        let channel = try makeBackChannel { $0.caFile = authority.file }
        #expect(try await channel.send(BackChannelRequest(url: server.url("localhost"))).status == 200)
        #expect(await failure(channel, BackChannelRequest(url: server.url()))?.isTLS == true)
    }

    @Test func anOldProtocolIsRefused() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority, options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        let channel = try makeBackChannel { $0.caFile = authority.file }
        #expect(await failure(channel, BackChannelRequest(url: server.url()))?.isTLS == true)
    }

    @Test func authoritiesThatCannotBeReadAreAnError() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let channel = try makeBackChannel { $0.caFile = authority.directory + "/absent.pem" }
        let error = await failure(channel, BackChannelRequest(url: server.url()))
        #expect(error?.isTLS == true)
        #expect(error?.description.contains("absent") == false)
        #expect(error?.debugDescription.contains("absent.pem") == true)
    }

    @Test func aPeerWithoutTLSIsAnError() async throws {
        let server = try LoopbackServer { connection in
            connection.waitForPeer()
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        let channel = try makeBackChannel()
        #expect(await failure(channel, BackChannelRequest(url: "https://127.0.0.1:\(server.port)/"))?.isTLS == true)
    }
}
