/// Every route of the server, by resource.
enum AllRoutes {
    static func groups(_ services: Services) -> [any RouteGroup] {
        [
            SystemRoutes(services: services),
            ReferenceRoutes(services: services),
            SessionRoutes(services: services),
            ProjectRoutes(services: services),
            GraphRoutes(services: services),
            PreviewRoutes(services: services),
            JobRoutes(services: services),
            EventRoutes(services: services),
            UploadRoutes(services: services),
            ImportRoutes(services: services),
            BlobRoutes(services: services),
            AreaRoutes(services: services),
            TileRoutes(services: services),
            PixelRoutes(services: services),
            OverlayRoutes(services: services),
            RunComparisonRoutes(services: services),
            MaskViewRoutes(services: services),
            DeepZoomRoutes(services: services),
            IIIFRoutes(services: services),
            ObjectRoutes(services: services),
            GalleryRoutes(services: services),
            EditRoutes(services: services),
            CategoryRoutes(services: services),
            LabelRoutes(services: services),
            MetadataRoutes(services: services),
            ExportRoutes(services: services),
        ]
    }
}
