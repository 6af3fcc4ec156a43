import Command
import Gateway
import Testing

/// The files in deploy/ are what `gatehouse emit` prints for the example configuration.
struct DeployedFrontsTests {
    private static let files: [Front: String] = [
        .nginx: "nginx/gatehouse.conf", .traefik: "traefik/gatehouse.yml", .traefikStatic: "traefik/traefik.yml",
        .caddy: "caddy/Caddyfile", .haproxy: "haproxy/haproxy.cfg", .haproxyLua: "haproxy/gatehouse.lua",
        .envoy: "envoy/envoy.yaml", .apache: "apache/gatehouse.conf", .kubernetes: "kubernetes/fronts.yaml",
    ]

    @Test(arguments: Front.allCases)
    func theFileIsWhatIsPrinted(_ front: Front) throws {
        let house = House()
        let example = try house.text("config.example.toml")
        let reading = ConfigurationFile.read(Array(example.utf8), path: "config.example.toml", environment: [:])
        let printed = try front.text(for: try #require(reading.configuration))
        let file = try #require(Self.files[front])
        #expect(try house.text("deploy/\(file)") == printed, "print deploy/\(file) again")
    }
}
