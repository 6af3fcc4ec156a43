import JSON
import NIOHTTP1

/// What happened, for tests to read: requests with everything in them, and the OP's own events.
struct Journal: Sendable {
    /// A request and how it was answered.
    struct Entry: Sendable {
        let number: Int64
        let at: Int64
        let request: Request
        var status: Int?

        var json: JSON {
            let headers = request.headers.map { JSON([$0.name, $0.value]) }
            return [
                "n": JSON(number), "at": JSON(at), "method": .string(request.method),
                "path": .string(request.path), "target": .string(request.target), "headers": .array(headers),
                "body": .string(String(decoding: request.body, as: UTF8.self)),
                "status": status.map { JSON(Int64($0)) } ?? .null,
            ]
        }
    }

    /// Something the OP did.
    struct Event: Sendable {
        let number: Int64
        let at: Int64
        let name: String
        let details: JSON

        var json: JSON {
            let head: [JSONMember] = [
                JSONMember(name: "n", value: JSON(number)), JSONMember(name: "at", value: JSON(at)),
                JSONMember(name: "event", value: .string(name)),
            ]
            return .object(head + (details.objectValue ?? []))
        }
    }

    /// The oldest go when there are more.
    static let limit = 20_000

    private(set) var requests: [Entry] = []
    private(set) var events: [Event] = []
    private var lastNumber: Int64 = 0

    /// - Returns: the number under which the answer can be added.
    mutating func add(_ request: Request, at now: Int64) -> Int64 {
        lastNumber += 1
        if requests.count >= Journal.limit { requests.removeFirst(Journal.limit / 2) }
        requests.append(Entry(number: lastNumber, at: now, request: request))
        return lastNumber
    }

    /// How the request of this number was answered; nil when it never was.
    mutating func answered(_ number: Int64, status: Int?) {
        guard let index = requests.lastIndex(where: { $0.number == number }) else { return }
        requests[index].status = status
    }

    mutating func add(event name: String, _ details: JSON, at now: Int64) {
        lastNumber += 1
        if events.count >= Journal.limit { events.removeFirst(Journal.limit / 2) }
        events.append(Event(number: lastNumber, at: now, name: name, details: details))
    }
}
