/** The version of the package: put in by the bundler, absent when run from source (tests). */
declare const __STALLSCOPE_VERSION__: string | undefined;

export const VERSION = typeof __STALLSCOPE_VERSION__ === 'string' ? __STALLSCOPE_VERSION__ : '0.0.0-source';
