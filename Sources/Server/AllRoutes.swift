/// Every route of the server, by resource.
enum AllRoutes {
    static func groups(_ services: Services) -> [any RouteGroup] {
        [
            SystemRoutes(services: services),
            SessionRoutes(services: services),
        ]
    }
}
