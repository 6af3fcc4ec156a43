import NIOCore
import Redis
import Testing

struct ReplyParserTests {
    @Test(arguments: [
        ("+OK\r\n", Reply.status("OK")), ("+\r\n", .status("")), ("-ERR no\r\n", .error("ERR no")),
        (":0\r\n", .integer(0)), (":-1\r\n", .integer(-1)),
        (":9223372036854775807\r\n", .integer(.max)), (":-9223372036854775808\r\n", .integer(.min)),
        ("$-1\r\n", .null), ("*-1\r\n", .null), ("$0\r\n\r\n", .bytes([])),
        ("$5\r\na\r\nb\0\r\n", .bytes(Array("a\r\nb\0".utf8))), ("*0\r\n", .array([])),
        ("*2\r\n*0\r\n*-1\r\n", .array([.array([]), .null])),
        (
            "*3\r\n$1\r\na\r\n*2\r\n:1\r\n-E x\r\n$-1\r\n",
            .array([.bytes(Array("a".utf8)), .array([.integer(1), .error("E x")]), .null])
        ),
    ])
    func everyKindOfReplyIsReadWholeOrByteByByte(text: String, expected: Reply) throws {
        #expect(try replies(in: [Array(text.utf8)]) == [expected])
        #expect(try replies(in: text.utf8.map { [$0] }) == [expected])
    }

    @Test func repliesComeInTheOrderOfTheWireHoweverTheyAreCut() throws {
        let text = Array("+OK\r\n$3\r\nabc\r\n:7\r\n*2\r\n$-1\r\n+x\r\n-LOADING y\r\n".utf8)
        let expected: [Reply] = [
            .status("OK"), .bytes(Array("abc".utf8)), .integer(7), .array([.null, .status("x")]), .error("LOADING y"),
        ]
        for cut in 0...text.count {
            #expect(try replies(in: [Array(text[..<cut]), Array(text[cut...])]) == expected)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "\0", "%1\r\n+a\r\n+b\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(1\r\n",
        ">1\r\n+a\r\n", "$x\r\n", "$\r\n", "$-2\r\n", "$01\r\na\r\n", "$+1\r\na\r\n", "$99999999999999999999\r\n",
        ":\r\n", ":x\r\n", ":1 \r\n", ":9223372036854775808\r\n", "*x\r\n", "*-2\r\n", "*2147483648\r\n",
        "*1\r\nx", "$1\r\nabc",
    ])
    func nonsenseIsAProtocolViolation(text: String) {
        #expect(isProtocolViolation { try replies(in: [Array(text.utf8)]) })
        #expect(isProtocolViolation { try replies(in: text.utf8.map { [$0] }) })
    }

    @Test func afterAnErrorNothingIsReadAnyMore() {
        var parser = ReplyParser(maximumReplyBytes: 1000)
        parser.feed(ByteBuffer(string: "nonsense"))
        #expect(throws: RedisError.self) { try parser.next() }
        parser.feed(ByteBuffer(string: "+OK\r\n"))
        #expect(throws: RedisError.self) { try parser.next() }
    }

    @Test func arraysNestSevenDeepAndNoDeeper() throws {
        let seven = String(repeating: "*1\r\n", count: 7) + ":1\r\n"
        #expect(try replies(in: [Array(seven.utf8)]).count == 1)
        let many = String(repeating: "*1\r\n", count: 9) + ":1\r\n"
        #expect(isProtocolViolation { try replies(in: [Array(many.utf8)]) })
    }

    @Test func aValueOverTheLimitIsRefusedBeforeItIsRead() throws {
        var parser = ReplyParser(maximumReplyBytes: 100)
        parser.feed(ByteBuffer(string: "$1000000\r\n" + String(repeating: "a", count: 70)))
        #expect(try parser.next() == nil)
        parser.feed(ByteBuffer(string: String(repeating: "a", count: 70)))
        #expect(throws: RedisError.replyTooLarge) { try parser.next() }
    }

    @Test func aWholeValueOverTheLimitIsRefusedToo() {
        let text = "$200\r\n" + String(repeating: "a", count: 200) + "\r\n"
        #expect(throws: RedisError.replyTooLarge) { try replies(in: [Array(text.utf8)], limit: 100) }
    }

    @Test func anArrayOfManySmallThingsCountsToo() {
        let text = "*2147483647\r\n" + String(repeating: "*0\r\n", count: 1_000)
        #expect(throws: RedisError.replyTooLarge) { try replies(in: text.utf8.map { [$0] }, limit: 2_000) }
    }

    @Test func aLineThatNeverEndsIsRefused() {
        let endless = Array(repeating: Array("+aaaaaaaaa".utf8), count: 100)
        #expect(throws: RedisError.replyTooLarge) { try replies(in: endless, limit: 500) }
    }

    @Test func aLineMayHaveSixtyFourThousandBytesAValueMore() throws {
        let endless = Array(repeating: [UInt8](repeating: UInt8(ascii: "+"), count: 1_000), count: 70)
        #expect(isProtocolViolation { try replies(in: endless) })
        let bareLineEnds = Array(repeating: Array(String(repeating: "+aaa\raaa\n", count: 100).utf8), count: 80)
        #expect(isProtocolViolation { try replies(in: bareLineEnds) })
        let value = Array("$100000\r\n".utf8) + [UInt8](repeating: 7, count: 100_000) + [13, 10]
        let pieces = stride(from: 0, to: value.count, by: 1_000).map { Array(value[$0...].prefix(1_000)) }
        #expect(try replies(in: pieces) == [.bytes([UInt8](repeating: 7, count: 100_000))])
    }

    @Test func theLimitIsForEachReplyNotForAllOfThem() throws {
        let text = Array(String(repeating: "$9\r\n123456789\r\n", count: 1_000).utf8)
        #expect(try replies(in: [text], limit: 100).count == 1_000)
    }

    @Test func whateverComesTheReaderEndsAndSaysTheSameHoweverItIsCut() {
        let seeds = [
            "*3\r\n$3\r\nabc\r\n:12\r\n*1\r\n+OK\r\n", "$10\r\n0123456789\r\n$-1\r\n", "-ERR x\r\n+OK\r\n:1\r\n",
            "*-1\r\n*0\r\n*2\r\n*2\r\n:1\r\n:2\r\n$0\r\n\r\n",
        ].map { Array($0.utf8) }
        let spice = Array("+-:$*\r\n0123456789".utf8)
        var random = SplitMix(state: 7)
        for round in 0..<3_000 {
            var text = seeds[round % seeds.count]
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(text.count))
                switch random.next() % 4 {
                case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: text[place] = spice[Int(random.next() % UInt64(spice.count))]
                case 2: text.remove(at: place)
                default: text.insert(spice[Int(random.next() % UInt64(spice.count))], at: place)
                }
                if text.isEmpty { text = [0] }
            }
            let cut = Int(random.next() % UInt64(text.count))
            let whole = outcome(of: [text])
            #expect(whole == outcome(of: [Array(text[..<cut]), Array(text[cut...])]), "\(text)")
        }
    }

    /// What was read before the error, and the error if there was one.
    private struct Outcome: Equatable {
        var replies: [Reply] = []
        var error: RedisError?
    }

    private func outcome(of pieces: [[UInt8]], limit: Int = 1_000_000) -> Outcome {
        var parser = ReplyParser(maximumReplyBytes: limit)
        var outcome = Outcome()
        for piece in pieces {
            parser.feed(ByteBuffer(bytes: piece))
            do throws(RedisError) {
                while let reply = try parser.next() {
                    outcome.replies.append(reply)
                }
            } catch {
                outcome.error = error
                break
            }
        }
        return outcome
    }

    private func replies(in pieces: [[UInt8]], limit: Int = 1_000_000) throws -> [Reply] {
        let outcome = outcome(of: pieces, limit: limit)
        if let error = outcome.error { throw error }
        return outcome.replies
    }

    private func isProtocolViolation(_ body: () throws -> [Reply]) -> Bool {
        do {
            _ = try body()
            return false
        } catch RedisError.protocolViolation {
            return true
        } catch {
            return false
        }
    }
}

/// Random numbers that are the same each time.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
