/// The commands a connection begins with.
package enum GreetingStep: Equatable {
    /// `AUTH`: the server knows us.
    case authenticate
    /// `SELECT`: the database exists.
    case select
    /// `ROLE`: the server is a primary, as the Sentinels say.
    case role
    /// `CLIENT SETNAME`, a courtesy: a server that does not grant it to us is still usable.
    case name
}

extension RedisConfiguration {
    /// What a connection begins with, in order. `CLIENT SETNAME` is always there: its answer shows that a Redis
    /// listens, and that it wants no password of us.
    var greeting: [(step: GreetingStep, command: RedisCommand)] {
        var greeting: [(step: GreetingStep, command: RedisCommand)] = []
        if let password = self.rereadPassword?() ?? self.password {
            let words = ["AUTH"] + (self.user.map { [$0] } ?? []) + [password]
            greeting.append((.authenticate, RedisCommand(words.map { Array($0.utf8) })))
        }
        if self.database != 0 {
            greeting.append((.select, RedisCommand("SELECT", String(self.database))))
        }
        if case .sentinel = self.topology {
            greeting.append((.role, RedisCommand("ROLE")))
        }
        greeting.append((.name, RedisCommand("CLIENT", "SETNAME", self.clientName)))
        return greeting
    }
}

extension GreetingStep {
    /// Why the answer ends the connection; nil when it does not.
    func refusal(_ reply: Reply) -> RedisError? {
        guard case .error(let message) = reply else {
            switch self {
            case .authenticate, .select, .name:
                return reply.isOK ? nil : .protocolViolation("the greeting was not answered with OK")
            case .role:
                guard case .array(let parts) = reply, case .bytes(let role)? = parts.first else {
                    return .protocolViolation("ROLE was not answered with a role")
                }
                return role.elementsEqual("master".utf8)
                    ? nil : .connectionLost("the Sentinels name a server that is not a primary yet")
            }
        }
        let error = RedisError(reply: message)
        switch self {
        case .authenticate, .select:
            return error
        case .role:
            // A user who may not ask finds out by the first READONLY.
            return error.refusal == .permission ? nil : error
        case .name:
            // Without AUTH this is where Redis says that it wants a password, or that it has no room for us.
            let forgiven = ["NOPERM ", "ERR unknown ", "ERR Unknown "]
            return forgiven.contains { message.utf8.starts(with: $0.utf8) } ? nil : error
        }
    }
}
