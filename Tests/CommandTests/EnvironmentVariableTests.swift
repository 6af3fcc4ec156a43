import Command
import Testing

struct EnvironmentVariableTests {
    @Test func aKeyHasItsVariable() {
        #expect(EnvironmentVariable.name("sign_in", "first_screen") == "GATEHOUSE_SIGN_IN_FIRST_SCREEN")
    }

    @Test func ourOwnVariablesAreSettings() {
        #expect(EnvironmentVariable.isSetting("GATEHOUSE_SERVER_LISTEN", value: "x"))
        #expect(EnvironmentVariable.isSetting("GATEHOUSE_", value: ""))
        #expect(EnvironmentVariable.isSetting("GATEHOUSE_BINARIES", value: ""))
        #expect(!EnvironmentVariable.isSetting("PATH", value: "x"))
        #expect(!EnvironmentVariable.isSetting("gatehouse_server_listen", value: "x"))
        #expect(!EnvironmentVariable.isSetting("GATEHOUSE_BINARY", value: "x"))
        #expect(!EnvironmentVariable.isSetting("GATEHOUSE_DEMO_BINARY", value: "x"))
    }

    @Test(arguments: [
        ("GATEHOUSE_SERVICE_HOST", "10.0.0.11"), ("GATEHOUSE_SERVICE_PORT", "80"),
        ("GATEHOUSE_SERVICE_PORT_HTTP", "80"),
        ("GATEHOUSE_PORT", "tcp://10.0.0.11:80"), ("GATEHOUSE_PORT_80_TCP", "tcp://10.0.0.11:80"),
        ("GATEHOUSE_PORT_80_TCP_PROTO", "tcp"), ("GATEHOUSE_PORT_80_TCP_PORT", "80"),
        ("GATEHOUSE_PORT_80_TCP_ADDR", "10.0.0.11"), ("GATEHOUSE_ADMIN_SERVICE_HOST", "10.0.0.12"),
        ("GATEHOUSE_ADMIN_PORT_9090_TCP_ADDR", "10.0.0.12"), ("GATEHOUSE_ADMIN_PORT", "tcp://10.0.0.12:9090"),
    ])
    func kubernetesServiceLinksAreNot(_ name: String, _ value: String) {
        #expect(!EnvironmentVariable.isSetting(name, value: value))
    }

    @Test(arguments: [
        ("GATEHOUSE_PORT", "8080"), ("GATEHOUSE_SERVER_PORT", "8080"), ("GATEHOUSE_PORT_80", "1"),
        ("GATEHOUSE_SERVICE", "1"),
        ("GATEHOUSE_PORT_X_TCP", "1"),
    ])
    func whatOnlyLooksLikeOneIsASetting(_ name: String, _ value: String) {
        #expect(EnvironmentVariable.isSetting(name, value: value))
    }
}
