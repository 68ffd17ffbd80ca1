import HTTPTypes
import Hummingbird
import NIOCore

/// What happens in a project, as it happens: server-sent events.
struct EventRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        [
            Route(
                .get, Route.project + "/events",
                "Events `job`, `objects`, `images`, `edit`, and `reset` when too much was missed; goes on after Last-Event-ID.",
                answers: [Route.Answer(status: .ok, help: "A stream that does not end.", content: ["text/event-stream": .string])], isQuiet: true,
                handle: listen)
        ]
    }

    @Sendable func listen(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let stream = project.events.listen(after: call.headers[.lastEventID] ?? call.target.query["lastEventId"])
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream"
        // Whoever is signed out hears no more than one beat after it.
        let (sessions, cookieName) = (services.sessions, services.cookieName)
        let (authorization, cookies) = (call.headers[.authorization], call.headers[values: .cookie])
        let body = ResponseBody { writer in
            var generation: Int?
            for await text in stream {
                let present = sessions.generation
                if generation != present, sessions.account(authorization: authorization, cookies: cookies, cookieName: cookieName) == nil { break }
                generation = present
                try await writer.write(ByteBuffer(string: text))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}
