// What Grafana's own types say about a dashboard file, with enums as the strings and numbers that stand in JSON.
import type { Dashboard, GraphFieldConfig, Panel, RowPanel } from "@grafana/schema";
import type { Options as StatOptions } from "@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.js";
import type { Options as TableOptions } from "@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.js";
import type { TempoQuery } from "@grafana/schema/dist/types/raw/composable/tempo/dataquery/x/TempoDataQuery_types.gen.js";
import type { Options as TimeSeriesOptions } from "@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.js";

type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

interface Query {
  refId: string;
  datasource: { type: "prometheus"; uid: "prometheus" };
  expr: string;
  legendFormat: string;
  range: boolean;
  instant: boolean;
}

type Common = Omit<Panel, "type" | "options" | "fieldConfig" | "targets"> & {
  title: string;
  description: string;
  targets: Query[];
};
type FieldsOf<Custom> = Omit<NonNullable<Panel["fieldConfig"]>, "defaults"> & {
  defaults: Omit<NonNullable<Panel["fieldConfig"]>["defaults"], "custom"> & Custom;
};
type TimeSeriesPanel = Common & {
  type: "timeseries";
  options: TimeSeriesOptions;
  fieldConfig: FieldsOf<{ custom: GraphFieldConfig }>;
};
type StatPanel = Common & { type: "stat"; options: StatOptions; fieldConfig: FieldsOf<object> };
type Traces = Omit<Common, "targets"> & {
  type: "table";
  options: TableOptions;
  fieldConfig: FieldsOf<object>;
  targets: (Omit<TempoQuery, "datasource"> & {
    datasource: { type: "tempo"; uid: "tempo" };
    queryType: "traceql";
    query: string;
  })[];
};
type Row = Omit<RowPanel, "type" | "panels"> & { type: "row"; panels: [] };

export type DashboardFile = Json<Omit<Dashboard, "panels">> & { panels: Json<TimeSeriesPanel | StatPanel | Traces | Row>[] };
