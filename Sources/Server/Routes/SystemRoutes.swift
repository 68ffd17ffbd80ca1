import Hummingbird
import Pipeline
import Store

/// State of the server itself and the description of all routes.
struct SystemRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let text = Schema.string
        return [
            Route(
                .get, "/healthz", "Says that the process runs.", access: .open,
                answers: [.json(.object(["status": .choice(["ok"])]), "It runs.")], isQuiet: true
            ) { _ in .json(["status": "ok"]) },
            Route(
                .get, "/readyz", "Says whether the root folder can be read and written, so that work makes sense.", access: .open,
                answers: [.json(.object(["status": .choice(["ok"]), "readOnly": .boolean]), "Ready.")], problems: [.diskError, .stopping], isQuiet: true,
                handle: ready),
            Route(
                .get, "/metrics", "Counters in the text format of Prometheus.",
                answers: [Route.Answer(status: .ok, help: "Counters.", content: ["text/plain; version=0.0.4": text])], isQuiet: true, handle: metrics),
            Route(
                .get, "/api/openapi.json", "This description.", access: .open, answers: [.json(.anyObject, "OpenAPI 3.1."), .notModified]
            ) { call in
                let bytes = services.openAPI.value().encoded()
                return .bytes(bytes, type: "application/json", etag: "\"\(FileDigest.sha256(bytes).prefix(20))\"", cache: "no-cache", call: call)
            },
        ]
    }

    @Sendable func ready(_ call: Call) async throws -> Response {
        try await services.work.run { try services.checkRoot() }
        return .json(["status": "ok", "readOnly": .boolean(services.configuration.isReadOnly)])
    }

    @Sendable func metrics(_ call: Call) async throws -> Response {
        let text = services.metrics.text(gauges: await services.gauges())
        var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return response
    }
}
