import HTTPTypes
import Hummingbird
import Pipeline

/// Signing a browser in and out.
struct SessionRoutes: RouteGroup {
    let services: Services

    private struct Token: Decodable { var token: String }

    var routes: [Route] {
        [
            Route(
                .post, "/api/session", "Exchanges the token of a start link for a cookie. The token works once.", access: .open,
                body: .json(.object(["token": .string])), answers: [.empty("Signed in.", headers: ["Set-Cookie"])], problems: [.sessionTokenInvalid],
                handle: signIn),
            Route(
                .get, "/api/session", "Who is signed in.",
                answers: [.json(.ref("Session"), "Signed in.")]
            ) { call in
                .json([
                    "user": .string(call.account?.user ?? ""), "version": .string(services.configuration.version),
                    "readOnly": .boolean(services.configuration.isReadOnly),
                ])
            },
            Route(
                .delete, "/api/session", "Signs this browser out.", answers: [.empty("Signed out.", headers: ["Set-Cookie"])], handle: signOut),
            Route(
                .post, "/api/session/link", "Makes a link that signs another browser in. It works once.",
                answers: [.json(.object(["url": .string]), "The link.", status: .created)]
            ) { _ in .json(["url": .string(services.link())], status: .created) },
        ]
    }

    @Sendable func signIn(_ call: Call) async throws -> Response {
        guard let secret = services.sessions.redeem(try call.json(Token.self).token) else {
            throw Problem(
                .sessionTokenInvalid, "this link has been used or is of an earlier start; open the newest link that `ship serve` printed", field: "token")
        }
        services.configuration.onLink(services.link())
        var headers = HTTPFields()
        headers[.setCookie] = "\(services.cookieName)=\(secret); Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"
        return .empty(headers: headers)
    }

    @Sendable func signOut(_ call: Call) async throws -> Response {
        if let cookie = call.cookie { services.sessions.end(cookie: cookie) }
        var headers = HTTPFields()
        headers[.setCookie] = "\(services.cookieName)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        return .empty(headers: headers)
    }
}
