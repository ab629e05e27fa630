"""Where a run executes: one module per engine, all behind ``base.Engine`` and its optional capabilities."""
