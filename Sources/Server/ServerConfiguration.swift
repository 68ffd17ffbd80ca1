import Logging

/// How a server is to be started; the defaults are those of `ship serve`.
package struct ServerConfiguration: Sendable {
    /// Folder that holds `<user>/<project>/`.
    package var root: String
    /// Address to listen on; nil: this machine only, 127.0.0.1 and ::1.
    package var host: String?
    /// 0: any free port.
    package var port = 4664
    /// Whether a browser window is opened; read by the caller, the server itself starts no program.
    package var openBrowser = false
    /// Owner of everything below the root, as long as there is one account.
    package var user = "local"
    package var isReadOnly = false
    /// Shown by `GET /api/session` and stored with results.
    package var version = "0"
    /// Names besides `localhost`, `127.0.0.1` and `[::1]` under which the server may be addressed ("ship.lab:4664"); compared exactly.
    package var allowedHosts: [String] = []
    /// Secret for scripts (`Authorization: Bearer …`), at least 16 characters; nil: a new random one.
    package var bearerToken: String?
    /// What cookies are signed with; kept by a watching parent over crashes, so that they sign nobody out. nil: a new one.
    package var cookieKey: String?
    package var logger = Logger(label: "ship")
    package var limits = Limits()
    /// Called with each address that signs a browser in: at the start, and again when the one before has been used.
    package var onLink: @Sendable (String) -> Void = { _ in }

    package init(root: String) { self.root = root }

    package struct Limits: Sendable {
        /// Bytes of a JSON body.
        package var body = 4 << 20
        /// Bytes of one uploaded file.
        package var upload = 1 << 40
        /// Open connections.
        package var connections = 256
        /// Seconds without a byte after which a connection is closed.
        package var idleSeconds = 60
        /// Seconds between two signs of life on an event stream.
        package var heartbeatSeconds = 15.0
        /// Minutes without a request after which a project is closed, so that its stick can be pulled.
        package var projectIdleMinutes = 30.0
        /// Bytes for the pixels of images that a project's job works on at the same time; nil: half of the machine's memory.
        package var jobMemory: Int?
        package init() {}
    }
}
